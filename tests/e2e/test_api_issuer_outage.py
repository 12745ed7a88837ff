"""The API without its authorization server, over real sockets: fresh keys serve, and it never guesses."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.calling import APICaller
from tests.e2e.minting import Mint
from tests.e2e.second_service import SecondService, own_configuration
from tests.e2e.verdict import Verdict
from tests.sender_constraint.resource_server.tokens import sign
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.evidence import AuditReader
from workshop.wire import Exchange

ANSWERED = "api.call"
ASKING_SECONDS = 15


@contextmanager
def closed_port() -> Iterator[int]:
    """A port on which nobody listens, and nobody can while it is held."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@contextmanager
def cut_off_bank(deployment: Deployment, closed: int, audit: Path) -> Iterator[str]:
    """A bank_api whose issuer is at a closed port, with an audit trail of its own; yields its origin."""
    settings = {"ISSUER": f"https://localhost:{closed}", "AUDIT_DIR": str(audit)}
    log = audit / "bank_api.log"
    bank = SecondService.start(deployment, "bank_api", own_configuration("bank_api"), settings, log)
    try:
        bank.wait_until_healthy(deployment.trust_bundle)
        yield bank.origin
    finally:
        bank.stop()


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_an_api_that_never_reached_its_issuer_says_when_to_come_back(
    api: APICaller, verdict: Verdict, deployment: Deployment, tmp_path: Path
) -> None:
    verdict.accepted(api.gets(), ANSWERED)
    with closed_port() as closed, cut_off_bank(deployment, closed, tmp_path) as origin:
        exchange = api.but(url=origin).gets()
    event = Verdict(AuditReader({"bank_api": tmp_path})).problem(exchange, 503, "service.issuer-keys")
    assert int(exchange.headers["retry-after"]) >= 1
    assert "www-authenticate" not in exchange.headers
    assert f"https://localhost:{closed}" in event["detail"]["reason"]
    assert f"{closed}" not in exchange.body.decode()


@pytest.mark.clause("RFC 8414 §3")
def test_an_outage_of_the_issuer_is_not_noticed_while_its_keys_are_fresh(
    api: APICaller, mint: Mint, verdict: Verdict, environment: Environment
) -> None:
    signed_by_a_new_key = api.but(token=of_a_new_key(mint))
    verdict.accepted(api.gets(), ANSWERED)
    environment.stop_program("authserver")
    try:
        verdict.accepted(api.gets(), ANSWERED)
        # Whether the issuer has such a key cannot be said now.
        exchange = until(503, signed_by_a_new_key)
        verdict.problem(exchange, 503, "service.issuer-keys")
        assert int(exchange.headers["retry-after"]) >= 1
        verdict.accepted(api.gets(), ANSWERED)
    finally:
        environment.start_program("authserver")
    verdict.challenged(until(401, signed_by_a_new_key), 401, "invalid_token", "token.unknown-key")
    verdict.accepted(api.gets(), ANSWERED)


def of_a_new_key(mint: Mint) -> str:
    header = {"typ": "at+jwt", "alg": "ES256", "kid": "a-new-key"}
    return sign(mint.claims(b"any certificate"), header, mint.signing_key().private_key)


def until(status: int, caller: APICaller) -> Exchange:
    """The first call with this status: the API asks its issuer about unknown keys only every few seconds."""

    def reached() -> Exchange | None:
        exchange = caller.gets()
        return exchange if exchange.status == status else None

    return eventually(reached, f"a call ends with {status}", seconds=ASKING_SECONDS)
