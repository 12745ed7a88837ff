"""Requests for a token that is to be bound to a DPoP key, with a proof that is none.

RFC 9449 §4.3, §5 and §11 (https://www.rfc-editor.org/rfc/rfc9449). The request is the client's own, caught on
its way: whoever puts another key into the proof has the token.
"""

import time

from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS

HEADER = "DPoP"
TOO_OLD_SECONDS = 3_600


def _valid(cast: Cast) -> Call:
    return cast.signing.by_key.token_call(cast.targets.issuer, NO_CREDENTIALS)


TO_A_KEY = Family("token-dpop", "A token that is to be bound to a DPoP key", _valid)


def without_proof(call: Call, _loot: Loot) -> Call:
    """The same as if the client knew no DPoP."""
    return call.but(headers=tuple(pair for pair in call.headers if pair[0] != HEADER))


def two_proofs(call: Call, loot: Loot) -> Call:
    """The client's proof, and beside it the thief's."""
    return call.but(headers=(*call.headers, (HEADER, loot.signing.forger(None).proof())))


def overheard(call: Call, loot: Loot) -> Call:
    """A proof that the client used a moment ago."""
    return call.with_header(HEADER, loot.signing.overheard()[1])


def for_another(**claims: str) -> Change:
    """A proof by a key of the thief's that was made for another request."""
    return lambda call, loot: call.with_header(HEADER, loot.signing.forger(None).proof(**claims))


def made_at(seconds: int) -> Change:
    """A proof by a key of the thief's, made that many seconds from now."""

    def change(call: Call, loot: Loot) -> Call:
        return call.with_header(HEADER, loot.signing.forger(None).proof(iat=int(time.time()) + seconds))

    return change


def for_the_api(call: Call, loot: Loot) -> Call:
    """A proof that was made for the API."""
    return call.with_header(HEADER, loot.signing.forger(None).proof(htu=f"{loot.resource}/accounts"))


def tampered(call: Call, loot: Loot) -> Call:
    """The proof of one key, with the claims of another."""
    header, _, signature = loot.signing.forger(None).proof().split(".")
    _, claims, _ = loot.signing.forger(None).proof().split(".")
    return call.with_header(HEADER, f"{header}.{claims}.{signature}")


def _refused(identifier: str, title: str, change: Change, rule: str) -> Attack:
    return Attack(TO_A_KEY, identifier, title, change, Expected(400, "invalid_dpop_proof", rule))


ATTACKS: tuple[Attack, ...] = (
    _refused("token-dpop-missing", "no proof at all", without_proof, "dpop.missing"),
    _refused("token-dpop-two", "two proofs, of which one is the thief's", two_proofs, "dpop.more-than-one"),
    _refused("token-dpop-replayed", "a proof that was used", overheard, "dpop.replayed"),
    _refused("token-dpop-method", "a proof for another method", for_another(htm="GET"), "dpop.method"),
    _refused("token-dpop-address", "a proof for the API", for_the_api, "dpop.url"),
    _refused("token-dpop-old", "a proof of an hour ago", made_at(-TOO_OLD_SECONDS), "dpop.too-old"),
    _refused("token-dpop-future", "a proof of a minute ahead", made_at(61), "dpop.in-future"),
    _refused("token-dpop-tampered", "a proof with other claims than were signed", tampered, "dpop.signature"),
)
