"""Plays the attacks of the catalogue against servers that run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from sender_constraint.core.correlation import CORRELATION_HEADER
from workshop.calls import Attempt, Call
from workshop.catalogue.attack import Attack
from workshop.evidence import AuditReader, Evidence
from workshop.loot import Cast
from workshop.wire import Exchange, Wire

# What differs from one answer to the next, whatever was asked for.
_OF_EACH_ANSWER = (CORRELATION_HEADER, "date")


@dataclass(frozen=True)
class Played:
    """One attempt of an attack, what the server answered, and what it wrote down about it.

    twin: the answer to the same about what does not exist; None where the attack has no such question.
    """

    attack: Attack
    attempt: Attempt
    exchange: Exchange
    evidence: Evidence
    twin: Exchange | None = None

    @property
    def holds(self) -> bool:
        """Whether it was refused as the catalogue expects, for the stated reason, and told nothing more."""
        expected = self.attack.expected
        observed = (self.exchange.status, self.exchange.error, self.evidence.rule)
        return (
            observed == (expected.status, expected.error, expected.rule)
            and expected.also <= self.evidence.names()
            and self.gave_nothing_away
        )

    @property
    def gave_nothing_away(self) -> bool:
        """Whether the answer is the one to the same about what does not exist."""
        return self.twin is None or told(self.exchange) == told(self.twin)


class Thief:
    """Has the loot, and tries it."""

    def __init__(self, wire: Wire, audit: AuditReader, cast: Cast) -> None:
        self._wire = wire
        self._audit = audit
        self._cast = cast

    def valid(self, attack: Attack) -> Exchange:
        """Make the valid call from which the attack differs."""
        attempt = attack.family.valid(self._cast)
        exchange = attempt.send(self._wire)
        if isinstance(attempt, Call) and _registered(attempt, exchange):
            unregister(attempt, exchange, self._wire)
        return exchange

    def play(self, attack: Attack) -> Played:
        """Change the valid call as the attack says, try it, and look up why it was refused.

        Of several attempts, the first that does not hold is returned, otherwise the last. Raises LookupError
        where there is nothing to try, or the attack takes an insider and there is none.
        """
        played = [self._try(attack, attempt) for attempt in self._attempts(attack)]
        if not played:
            raise LookupError(f"{attack.identifier}: there is nothing to try")
        return next((each for each in played if not each.holds), played[-1])

    def _attempts(self, attack: Attack) -> Sequence[Attempt]:
        changed = attack.change(attack.family.valid(self._cast), self._cast.loot)
        return changed if isinstance(changed, Sequence) else (changed,)

    def _try(self, attack: Attack, attempt: Attempt) -> Played:
        exchange = attempt.send(self._wire)
        evidence = self._audit.about(exchange)
        if attack.twin is None:
            return Played(attack, attempt, exchange, evidence)
        twin = attack.twin(attack.family.valid(self._cast), self._cast.loot)
        assert not isinstance(twin, Sequence)  # noqa: S101 - for mypy: there is one
        return Played(attack, attempt, exchange, evidence, twin.send(self._wire))


def _registered(attempt: Call, exchange: Exchange) -> bool:
    return exchange.status == HTTPStatus.CREATED and attempt.url.endswith("/register")


def unregister(registration: Call, exchange: Exchange, wire: Wire) -> None:
    """Delete a client that was just registered (RFC 7592 §2.3): each software has room for a few."""
    information = json.loads(exchange.body)
    token = information["registration_access_token"]
    url = f"{registration.url}/{information['client_id']}"
    Call("DELETE", url, token, registration.credentials).send(wire)


def told(exchange: Exchange) -> tuple[int | None, dict[str, str], bytes]:
    """All that an answer tells its caller, but for what is different each time."""
    headers = {name: value for name, value in exchange.headers.items() if name not in _OF_EACH_ANSWER}
    return exchange.status, headers, exchange.body
