"""The thief: plays the attacks of the catalogue against servers that run."""

from dataclasses import dataclass

from workshop.catalogue import Attack
from workshop.changes import Call, Loot
from workshop.evidence import AuditReader, Evidence
from workshop.wire import Exchange, Wire


@dataclass(frozen=True)
class Played:
    """One attack, what the server answered, and what it wrote down about it."""

    attack: Attack
    call: Call
    exchange: Exchange
    evidence: Evidence

    @property
    def holds(self) -> bool:
        """Whether it was refused as the catalogue expects, and for the stated reason."""
        expected = self.attack.expected
        observed = (self.exchange.status, self.exchange.error, self.evidence.rule)
        return observed == (expected.status, expected.error, expected.rule) and (
            expected.also <= self.evidence.names()
        )


class Thief:
    """Has the loot, and tries it."""

    def __init__(self, wire: Wire, audit: AuditReader, valid: Call, loot: Loot) -> None:
        self._wire = wire
        self._audit = audit
        self._valid = valid
        self._loot = loot

    def play(self, attack: Attack) -> Played:
        """Change the valid call as the attack says, make it, and look up why it was refused."""
        call = attack.change(self._valid, self._loot)
        exchange = call.send(self._wire)
        return Played(attack, call, exchange, self._audit.about(exchange))
