"""All that the comparison found, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sender_constraint.dpop.checks import MAX_AGE_SECONDS
from workshop.comparison.facts import FACTS
from workshop.comparison.measuring import COLD, COLD_STEPS, PAY, READ, STEPS, WARM_STEPS, Load, Measured
from workshop.comparison.relay import Count
from workshop.comparison.revocations import API, TOKEN_ENDPOINT, Ended
from workshop.comparison.revocations import CERTIFICATE as CERTIFICATE_REVOKED
from workshop.comparison.revocations import TOKEN as TOKEN_REVOKED
from workshop.comparison.thefts import Tried
from workshop.methods import BASELINE


@dataclass
class Results:
    """Everything.

    tried, lifetimes: by method's name; a lifetime is of its tokens, in seconds. servers: whose processor time
    was measured.
    """

    command: str
    machine: Mapping[str, str | int]
    servers: Sequence[str]
    measured: list[Measured] = field(default_factory=list)
    tried: dict[str, list[Tried]] = field(default_factory=dict)
    lifetimes: dict[str, int] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)

    @property
    def baseline(self) -> Measured:
        """The method with which the others are compared."""
        return next(each for each in self.measured if each.method.name == BASELINE)

    @property
    def unexpected(self) -> list[str]:
        """What did not come out as it must; empty where everything did."""
        thefts = [
            f"{name}: {each.theft.taken}, {each.theft.what}: {each.outcome} {each.rule}, not "
            f"{each.theft.outcome} {each.theft.rule}"
            for name, tried in self.tried.items()
            for each in tried
            if not each.holds
        ]
        return thefts + [f"{each} did not come out as promised" for each in self.ended if not each.holds]

    def ended_at(self, name: str, revoked: str, where: str) -> Ended:
        """What a revocation did to a method."""
        return next(
            each for each in self.ended if (each.method, each.revoked, each.where) == (name, revoked, where)
        )

    def seconds_of_theft(self, name: str) -> dict[str, str]:
        """For how many seconds a thief can use what it has, in words."""
        lifetime = f"{self.lifetimes[name]} s"
        by_token = _seconds(self.ended_at(name, TOKEN_REVOKED, API))
        key = f"API: {lifetime}, revoked {by_token}; new tokens: {self._new_tokens(name)}"
        match next(each.method.bound_to for each in self.measured if each.method.name == name):
            case "nothing":
                token = f"{lifetime}, revoked {by_token}"
                return {"token": token, "request": token, "key": key}
            case "certificate":
                certificate = self.ended_at(name, CERTIFICATE_REVOKED, API)
                if certificate.ends:
                    both = f"token {by_token}, certificate {_seconds(certificate)}"
                    key = f"API: {lifetime}, revoked: {both}; new tokens: {self._new_tokens(name)}"
                return {"token": "0 s", "request": "0 s", "key": key}
            case _:
                return {
                    "token": "0 s",
                    "request": f"0 s; one that never arrived: once, within {MAX_AGE_SECONDS:.0f} s",
                    "key": key,
                }

    def _new_tokens(self, name: str) -> str:
        """With a key that signs assertions he needs no certificate of the client's."""
        method = next(each.method for each in self.measured if each.method.name == name)
        ended = self.ended_at(name, CERTIFICATE_REVOKED, TOKEN_ENDPOINT)
        by_certificate = ended.ends and not method.key
        return (
            f"certificate revoked {_seconds(ended)}" if by_certificate else "until the registration changes"
        )

    def rotation(self, measured: Measured) -> Count:
        """What passes on the wire when that turns to which tokens are bound: handshakes, and a new token."""
        to_api = measured.step("accounts") - measured.step("accounts again")
        match measured.method.bound_to:
            case "certificate":
                return measured.step("token") + to_api
            case "key":
                return measured.step("token again")
            case _:
                return measured.step("token") - measured.step("token again")

    def as_json(self) -> dict[str, Any]:
        """All figures."""
        return {
            "holds": not self.unexpected,
            "unexpected": self.unexpected,
            "command": self.command,
            "machine": dict(self.machine),
            "baseline": BASELINE,
            "methods": [self._method(each) for each in self.measured],
        }

    def _method(self, measured: Measured) -> dict[str, Any]:
        name = measured.method.name
        return {
            **asdict(measured.method),
            "token_lifetime_seconds": self.lifetimes[name],
            "wire": {step: _wire(measured.step(step)) for step in STEPS},
            "wire_cold": _wire(measured.whole(COLD_STEPS)),
            "wire_warm": _wire(measured.whole(WARM_STEPS)),
            "wire_rotation": _wire(self.rotation(measured)),
            "calls": {
                kind: self._load(measured.loads[kind], self.baseline.loads[kind])
                for kind in (COLD, READ, PAY)
            },
            "thefts": [_tried(each) for each in self.tried[name]],
            "revocations": [
                {
                    "revoked": each.revoked,
                    "where": each.where,
                    "seconds_until_refused": None if each.seconds is None else round(each.seconds, 2),
                    "outcome": each.outcome,
                    "holds": each.holds,
                }
                for each in self.ended
                if each.method == name
            ],
            "a_thief_can_use": self.seconds_of_theft(name),
            "facts": asdict(FACTS[name]),
        }

    def _load(self, load: Load, baseline: Load) -> dict[str, Any]:
        return {
            "calls": load.calls,
            "milliseconds_of_processor_time_a_call": {
                "client": round(load.client(), 3),
                **{name: round(load.server(name), 3) for name in self.servers},
                "all servers": round(load.servers(), 3),
            },
            "ratio_to_baseline": {
                "client": round(load.client_ratio(baseline), 3),
                "all servers": round(load.servers_ratio(baseline), 3),
                "all servers, by round": [round(each, 3) for each in load.servers_ratios(baseline)],
            },
            "octets_between_servers_a_call": round(load.octets_between_servers()),
            "milliseconds_a_call": round(load.milliseconds(), 2),
        }


def _seconds(ended: Ended) -> str:
    return "goes on" if ended.seconds is None else f"{ended.seconds:.1f} s"


def _wire(count: Count) -> dict[str, int]:
    return {**asdict(count), "octets": count.octets}


def _tried(tried: Tried) -> dict[str, Any]:
    return {
        "taken": tried.theft.taken,
        "used": tried.theft.what,
        "succeeded": tried.succeeded,
        "outcome": tried.outcome,
        "rule": tried.rule,
        "section": tried.section,
        "answer": tried.answer,
        "holds": tried.holds,
    }
