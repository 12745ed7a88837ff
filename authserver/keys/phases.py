"""In which phase of its life each signing key is, and what the policy makes of that.

    published    verifiers can learn it; it signs nothing yet
    signing      the one that signs
    retiring     signs no more; published until the last token that it signed has ended
    withdrawn    a stolen one: removed at once, whatever it signed

All times are aware UTC, and late rather than early: each is taken after what it tells has happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

Phase = Literal["published", "signing", "retiring", "withdrawn"]

# Verifiers of this library ask again for a key that they do not know, but not within so many seconds of the
# last answer (``IssuerKeys``), and an answer may be so many seconds old when it arrives (``discover_keys``).
VERIFIERS_ASK_AGAIN_SECONDS = 5
SLOWEST_ANSWER_SECONDS = 5
MARGIN_SECONDS = 1

# Clocks that differ, and requests that took hold of a key just before it ceased to sign.
RETIREMENT_LEEWAY_SECONDS = 60

# A verifier reads a bounded document.
MOST_PUBLISHED = 100


@dataclass(frozen=True, slots=True)
class TurningPolicy:
    """How long keys sign, and for how long before that they are published, both in seconds."""

    lifetime_seconds: float
    published_ahead_seconds: float

    @classmethod
    def of(cls, lifetime_seconds: int, jwks_max_age_seconds: int) -> "TurningPolicy":
        """Published for longer than anyone caches: by HTTP's rules (RFC 9111), or as our verifiers do."""
        cached = max(jwks_max_age_seconds, VERIFIERS_ASK_AGAIN_SECONDS)
        return cls(lifetime_seconds, cached + SLOWEST_ANSWER_SECONDS + MARGIN_SECONDS)

    def most_published(self, longest_token_seconds: float) -> int:
        """How many keys are published at once, at most."""
        retiring = (longest_token_seconds + RETIREMENT_LEEWAY_SECONDS) / max(self.lifetime_seconds, 1)
        return int(retiring) + 3


@dataclass(frozen=True, slots=True)
class KeyLife:
    """What is known of one key.

    longest_token_seconds: the longest lifetime of what it may have signed.
    turn_requested: an operator wants the next key before the time.
    """

    kid: str
    published_at: datetime
    signs_from: datetime | None = None
    signed_until: datetime | None = None
    withdrawn_at: datetime | None = None
    longest_token_seconds: int = 0
    turn_requested: bool = False

    @property
    def phase(self) -> Phase:
        """Its phase."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.signs_from is None:
            return "published"
        return "signing" if self.signed_until is None else "retiring"

    def signs_until(self, policy: TurningPolicy) -> datetime | None:
        """For a key that signs: when the next one takes over."""
        if self.signs_from is None:
            return None
        lifetime = 0.0 if self.turn_requested else policy.lifetime_seconds
        return self.signs_from + timedelta(seconds=lifetime)

    def may_sign_at(self, policy: TurningPolicy) -> datetime:
        """From when on every verifier can know it."""
        return self.published_at + timedelta(seconds=policy.published_ahead_seconds)

    def retired_at(self) -> datetime | None:
        """When the last token that it signed has ended; None while it may still sign."""
        if self.signed_until is None:
            return None
        return self.signed_until + timedelta(seconds=self.longest_token_seconds + RETIREMENT_LEEWAY_SECONDS)


Lives = Mapping[str, KeyLife]


def reconciled(lives: Lives, kids: frozenset[str], signing: str, now: datetime) -> dict[str, KeyLife]:
    """The lives of the keys that are there, whatever died between moving a key and writing that down."""
    return {
        kid: _with_link(lives.get(kid) or KeyLife(kid, published_at=now), kid == signing, now)
        for kid in sorted(kids)
    }


def _with_link(life: KeyLife, signs: bool, now: datetime) -> KeyLife:
    if signs:
        return replace(life, signs_from=life.signs_from or now, signed_until=None)
    if life.phase == "signing":
        return replace(life, signed_until=now)
    return life


def encoded(life: KeyLife) -> dict[str, Any]:
    """Ready for JSON."""

    def text(time: datetime | None) -> str | None:
        return time.isoformat() if time else None

    return {
        "published_at": text(life.published_at),
        "signs_from": text(life.signs_from),
        "signed_until": text(life.signed_until),
        "withdrawn_at": text(life.withdrawn_at),
        "longest_token_seconds": life.longest_token_seconds,
        "turn_requested": life.turn_requested,
    }


def decoded(kid: str, document: Mapping[str, Any]) -> KeyLife:
    """From JSON. Raises ValueError, KeyError or TypeError."""

    def time(name: str) -> datetime | None:
        return datetime.fromisoformat(document[name]) if document[name] else None

    published_at = time("published_at")
    if published_at is None:
        raise ValueError("a key without a time of publication")
    return KeyLife(
        kid,
        published_at,
        time("signs_from"),
        time("signed_until"),
        time("withdrawn_at"),
        int(document["longest_token_seconds"]),
        bool(document["turn_requested"]),
    )
