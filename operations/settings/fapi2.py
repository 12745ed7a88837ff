"""FAPI 2.0 Security Profile (final, February 2025): what it switches on that does not hold anyway.

https://openid.net/specs/fapi-security-profile-2_0-final.html. Most of what it demands holds here always:
``docs/fapi2.md`` has each demand with where it is enforced. What is left to choose outside the profile stands
here, by the role of a service: which values of a setting contradict it. What depends on a client is asked
of the client (``authserver/clients/policy.py``).

Not covered: the authorization endpoint and whatever else needs an end user.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sender_constraint.jose import jws

FAPI2 = "fapi2"
# The values of the setting ``PROFILE``; empty: what each client registered.
PROFILES = ("", FAPI2)


@dataclass(frozen=True, slots=True)
class Demand:
    """What a setting must be like under the profile.

    clause: of the profile. keeps: whether a value keeps to it. hint: what to do.
    """

    setting: str
    clause: str
    keeps: Callable[[Any], bool]
    hint: str


def _nothing(value: Any) -> bool:
    return not value


def _current(algorithms: Any) -> bool:
    return set(algorithms) <= set(jws.ALGORITHMS)


AUTHORIZATION_SERVER = (
    Demand(
        "REPORT_CLIENTS",
        "§5.3.2.1",
        _nothing,
        "Empty it, or leave the profile until no client needs it: ./scripts/manage authserver reported.",
    ),
)
RESOURCE_SERVER = (
    Demand(
        "ISSUER_ALGORITHMS",
        "§5.4.1",
        _current,
        f"Leave {', '.join(jws.ALGORITHMS)} alone: an authorization server under this profile signs by one.",
    ),
    Demand("REPORT_ROUTES", "§5.3.4", _nothing, "Empty it: each route demands proof of the token's sender."),
)
CLIENT = (
    Demand(
        "TOKEN_ENDPOINT",
        "§5.3.3.1",
        _nothing,
        "Empty it: endpoints are those of the metadata, and of nowhere else.",
    ),
)


def contradictions(demands: tuple[Demand, ...], settings: Mapping[str, Any]) -> Iterator[Demand]:
    """The demands that these settings do not keep; none where the profile is not ``fapi2``."""
    if settings.get("PROFILE") == FAPI2:
        for demand in demands:
            if not demand.keeps(settings.get(demand.setting)):
                yield demand
