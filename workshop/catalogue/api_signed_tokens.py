"""Tokens that the issuer's own key signed, as no issuer should: an insider at the authorization server.

RFC 9068 §4 (https://www.rfc-editor.org/rfc/rfc9068), RFC 7800 §3.1
(https://www.rfc-editor.org/rfc/rfc7800). Each is bound to the certificate that the thief shows: what refuses
is the token's own fault and nothing else.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from sender_constraint.core.thumbprints import certificate_thumbprint
from workshop import forgery
from workshop.catalogue.api_presentation import accounts_call
from workshop.catalogue.api_tokens import on_the_bearer_route, shown
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.insider import ABSENT
from workshop.loot import Loot

SIGNED = Family("api-signed-token", "Tokens that the issuer's key signed, and should not have", accounts_call)

MINUTE = 60


def signed(**claims: Any) -> Change:
    """Present a token that the issuer's key signed, bound to the thief's certificate, with these claims."""
    return shown(lambda loot: loot.authorities.token(loot.own_der, **claims))


def confirmed_by(make: Callable[[str], Any]) -> Change:
    """The same with a ``cnf`` that is made from the thief's own thumbprint."""
    return shown(
        lambda loot: loot.authorities.token(loot.own_der, cnf=make(certificate_thumbprint(loot.own_der)))
    )


def in_a_minute(claim: str) -> Change:
    """The same with this time in the future."""
    return lambda call, loot: signed(**{claim: time.time() + MINUTE})(call, loot)


def claimed_twice(loot: Loot) -> str:
    """A payload with two ``cnf``: the partner's first, the thief's behind it."""
    _, claims = forgery.decoded_parts(loot.token)
    own = json.dumps({"x5t#S256": certificate_thumbprint(loot.own_der)})
    payload = json.dumps(claims)[:-1] + f', "cnf": {own}}}'
    return loot.authorities.signed(payload.encode())


_BY_INSIDER = (
    ("other-issuer", "another issuer's token", signed(iss="https://thief.example"), "token.issuer"),
    ("not-yet-valid", "a token that begins in a minute", in_a_minute("nbf"), "token.not-yet-valid"),
    ("from-the-future", "a token issued in a minute", in_a_minute("iat"), "token.issued-in-future"),
    ("without-expiry", "a token that never expires", signed(exp=ABSENT), "token.claim-missing"),
    ("expiry-as-text", "a token whose expiry is a text", signed(exp="2030-01-01"), "token.claim-type"),
    (
        "claims-twice",
        "a payload with two cnf, the thief's in the second",
        shown(claimed_twice),
        "token.payload",
    ),
    ("cnf-null", "cnf: null", signed(cnf=None), "confirmation.malformed"),
    ("cnf-empty", "a cnf without members", signed(cnf={}), "confirmation.malformed"),
    (
        "cnf-two-members",
        "a cnf with two members, of which one is the thief's certificate",
        confirmed_by(lambda own: {"x5t#S256": own, "jkt": own}),
        "confirmation.more-than-one",
    ),
    (
        "cnf-kid",
        "a cnf by a method that nobody here can prove",
        confirmed_by(lambda own: {"kid": own}),
        "confirmation.unknown",
    ),
    (
        "cnf-jkt",
        "a cnf for DPoP, beside the thief's certificate",
        confirmed_by(lambda own: {"jkt": own}),
        "binding.dpop-token-as-bearer",
    ),
    (
        "cnf-padded",
        "a thumbprint with padding",
        confirmed_by(lambda own: {"x5t#S256": own + "="}),
        "confirmation.malformed-thumbprint",
    ),
    (
        "cnf-wrong-length",
        "a thumbprint of the length of SHA-1",
        confirmed_by(lambda own: {"x5t#S256": own[:27]}),
        "confirmation.malformed-thumbprint",
    ),
    (
        "unbound-token-of-another-client",
        "an unbound token of a client whose tokens are bound, where unbound ones are taken",
        on_the_bearer_route(lambda loot: loot.authorities.token(loot.own_der, cnf=ABSENT)),
        "binding.bearer-client",
    ),
)

ATTACKS: tuple[Attack, ...] = (
    *(
        Attack(SIGNED, identifier, title, change, Expected(401, "invalid_token", rule), insider=True)
        for identifier, title, change, rule in _BY_INSIDER
    ),
    Attack(
        SIGNED,
        "scope-missing",
        "a token without the scope",
        signed(scope="payments"),
        Expected(403, "insufficient_scope", "token.scope"),
        insider=True,
    ),
)
