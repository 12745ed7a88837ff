"""Who revokes a certificate in the story: the operator with its commands, or the holder over EST's port."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from urllib.parse import urlencode

from sender_constraint.certificates.generations import Generation
from workshop import operator
from workshop.environment.parties import participant_of
from workshop.story.partner import FORM, Partner, private_workspace, show
from workshop.story.stage import Stage, StoryStopped, outcome_of

PARTNER = "partner_client"


@contextmanager
def beside_the_story() -> Iterator[ThreadPoolExecutor]:
    """Somebody who does one thing after the other; what is not begun when the block ends is not done."""
    desk = ThreadPoolExecutor(1)
    try:
        yield desk
    finally:
        desk.shutdown(cancel_futures=True)


def by_operator(stage: Stage, generation: Generation) -> datetime:
    """Have the operator revoke it, and show the command; returns since when the register says so.

    Raises StoryStopped where it cannot be done.
    """
    serial = f"{generation.certificate.serial_number:x}"
    _show_command(
        stage,
        f"revoke {serial} --reason {operator.REASON}",
        lambda: operator.revoke(stage.deployment, generation.certificate),
    )
    revoked_at = stage.audit.revoked_at(serial)
    if revoked_at is None:
        raise StoryStopped(f"the authority's audit trail has no revocation of {serial}")
    return revoked_at


def by_holder(stage: Stage, generation: Generation) -> datetime:
    """Revoke it by itself, after it was replaced; returns when that was sent, which is a little before.

    Raises StoryStopped where the authority refuses.
    """
    credentials = Partner(generation).credentials
    body = urlencode({"reason": "superseded"}).encode()
    url = f"{stage.deployment.ca_url}/revoke"
    exchange = stage.wire.send("POST", url, credentials, headers=FORM, body=body)
    show(stage, "partner", "ca", exchange, generation.thumbprint)
    if exchange.status != 200:
        raise StoryStopped(f"the authority does not revoke: {outcome_of(exchange)}")
    return exchange.started_at


def new_secret(stage: Stage) -> str:
    """Have the operator make a one-time secret for the partner. Raises StoryStopped."""
    name, file = participant_of(PARTNER).name, private_workspace(stage, "operator") / "partner.secret"
    _show_command(
        stage, f"participant secret {name}", lambda: operator.new_secret(stage.deployment, name, file)
    )
    return file.read_text().strip()


def _show_command(stage: Stage, command: str, run: Callable[[], str]) -> None:
    try:
        told = run()
    except LookupError as error:
        raise StoryStopped(str(error)) from error
    stage.narrator.command(f"./scripts/manage ca {command}", told.splitlines())
