"""Revoking the token, and revoking the certificate: for how many seconds each goes on being served."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sender_constraint.certificates.generations import Generation
from workshop import operator
from workshop.calls import Call
from workshop.methods import Holder, answered
from workshop.open_connection import OpenConnection
from workshop.partner_caller import REVOCATION_SECONDS
from workshop.story import revoking
from workshop.story.stage import Stage, StoryStopped, outcome_of
from workshop.story.ways import Way, go_on
from workshop.wire import Exchange

API, TOKEN_ENDPOINT = "API", "token endpoint"
TOKEN, CERTIFICATE = "the token", "the certificate"
# After the promise it is looked once more whether anybody is served still.
LONGER_SECONDS = 1.0


@dataclass(frozen=True)
class Ended:
    """What one revocation did to one way to call.

    method: its name. revoked: TOKEN or CERTIFICATE. where: API or TOKEN_ENDPOINT. seconds: until no call was
    served any more; None where calls were served still. outcome: of the last call. ends: whether it has to.
    """

    method: str
    revoked: str
    where: str
    seconds: float | None
    outcome: str
    ends: bool

    @property
    def holds(self) -> bool:
        """Whether it ended within the promise, or was not to end and did not."""
        return (
            self.seconds is not None and self.seconds < REVOCATION_SECONDS
            if self.ends
            else self.seconds is None
        )


def revoke_tokens(stage: Stage, holders: Sequence[Holder], tell: Callable[[float], None]) -> list[Ended]:
    """Each client revokes a token of its own (RFC 7009), while it is used. Raises StoryStopped."""
    tokens = {holder.method.name: token_of(stage, holder) for holder in holders}
    revoked_at: dict[str, datetime] = {}

    def revoke() -> datetime:
        for holder in holders:
            exchange = holder.revoke_call(tokens[holder.method.name]).send(stage.wire)
            if exchange.status != 200:
                raise StoryStopped(f"{holder.method.title}: not revoked: {outcome_of(exchange)}")
            revoked_at[holder.method.name] = exchange.started_at
        return max(revoked_at.values())

    with _ways(stage, holders, tokens, (API,)) as ways, revoking.beside_the_story() as desk:
        go_on(list(ways.values()), desk.submit(revoke), REVOCATION_SECONDS + LONGER_SECONDS, tell)
    return [
        _ended(name, TOKEN, where, way, revoked_at[name], ends=True) for (name, where), way in ways.items()
    ]


def revoke_certificate(
    stage: Stage, holders: Sequence[Holder], generation: Generation, tell: Callable[[float], None]
) -> list[Ended]:
    """The operator revokes the partner's certificate, which all but two methods show. Raises StoryStopped."""
    tokens = {holder.method.name: token_of(stage, holder) for holder in holders}

    def revoke() -> datetime:
        try:
            operator.revoke(stage.deployment, generation.certificate)
        except LookupError as error:
            raise StoryStopped(str(error)) from error
        revoked_at = stage.audit.revoked_at(f"{generation.certificate.serial_number:x}")
        if revoked_at is None:
            raise StoryStopped("the authority's audit trail does not have the revocation")
        return revoked_at

    with _ways(stage, holders, tokens, (API, TOKEN_ENDPOINT)) as ways, revoking.beside_the_story() as desk:
        at = go_on(list(ways.values()), desk.submit(revoke), REVOCATION_SECONDS + LONGER_SECONDS, tell)
    concerned = {
        holder.method.name: {
            API: holder.method.shows_scheme_certificate and holder.method.bound_to == "certificate",
            TOKEN_ENDPOINT: holder.method.shows_scheme_certificate,
        }
        for holder in holders
    }
    return [
        _ended(name, CERTIFICATE, where, way, at, ends=concerned[name][where])
        for (name, where), way in ways.items()
    ]


def token_of(stage: Stage, holder: Holder) -> str:
    """A token of its own. Raises StoryStopped."""
    exchange = answered(holder.token_call, lambda call: call.send(stage.wire))
    if exchange.status != 200:
        raise StoryStopped(f"{holder.method.title}: no token: {outcome_of(exchange)}")
    return str(exchange.json()["access_token"])


@contextmanager
def _ways(
    stage: Stage, holders: Sequence[Holder], tokens: Mapping[str, str], where: Sequence[str]
) -> Iterator[dict[tuple[str, str], Way]]:
    """Each client's ways to call, on connections that stay open."""
    with ExitStack() as stack:
        ways = {}
        for holder in holders:
            for place in where:
                origin, shown = (
                    (stage.deployment.api_url, holder.at_api)
                    if place == API
                    else (stage.deployment.issuer, holder.credentials)
                )
                connection = OpenConnection(stage.deployment.trust_bundle, origin, shown)
                stack.enter_context(closing(connection))
                call = (
                    partial(holder.accounts_call, tokens[holder.method.name])
                    if place == API
                    else holder.token_call
                )
                ways[holder.method.name, place] = Way(holder.method.title, place, _sending(connection, call))
        yield ways


def _sending(connection: OpenConnection, call: Callable[[], Call]) -> Callable[[], Exchange]:
    return lambda: connection.send(call())


def _ended(name: str, revoked: str, where: str, way: Way, at: datetime, *, ends: bool) -> Ended:
    seconds = way.seconds_until_refused(at)
    outcome = "200" if way.is_served else ", ".join(way.refusals)
    return Ended(name, revoked, where, seconds, outcome, ends)
