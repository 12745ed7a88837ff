"""Tokens at the API, each shown with the thief's own good certificate.

RFC 9068 §4 (https://www.rfc-editor.org/rfc/rfc9068), RFC 8725 §2 (https://www.rfc-editor.org/rfc/rfc8725).
"""

import json
from collections.abc import Callable

from workshop import forgery
from workshop.calls import Call
from workshop.catalogue.api_presentation import accounts_call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.loot import Loot

TOKENS = Family("api-token", "Forged, changed and misused tokens", accounts_call)

BEARER_ROUTE = "/demo/bearer/accounts"


def shown(make: Callable[[Loot], str]) -> Change:
    """Present a token that is made from the loot, with the thief's own certificate."""

    def change(call: Call, loot: Loot) -> Call:
        return call.but(token=make(loot), credentials=loot.own)

    return change


def type_twice(loot: Loot) -> str:
    """A header with two ``alg``."""
    header, _ = forgery.decoded_parts(loot.token)
    text = '{"alg": "none", ' + json.dumps(header)[1:]
    _, payload, signature = loot.token.split(".")
    return f"{forgery.base64url(text.encode())}.{payload}.{signature}"


def encrypted(loot: Loot) -> str:
    """Five parts, as an encrypted token has."""
    header, payload, signature = loot.token.split(".")
    return f"{header}.{payload}.{payload}.{payload}.{signature}"


def on_the_bearer_route(make: Callable[[Loot], str]) -> Change:
    """Present it where unbound tokens are taken."""

    def change(call: Call, loot: Loot) -> Call:
        return call.but(token=make(loot), credentials=loot.own).at(BEARER_ROUTE)

    return change


def _attack(identifier: str, title: str, change: Change, rule: str, *, label: str = "") -> Attack:
    return Attack(TOKENS, identifier, title, change, Expected(401, "invalid_token", rule), label=label)


ATTACKS: tuple[Attack, ...] = (
    _attack(
        "confirmation-changed",
        "cnf changed to the thief's certificate",
        shown(lambda loot: forgery.with_other_confirmation(loot.token, loot.own_der)),
        "token.signature",
        label="4f",
    ),
    _attack(
        "alg-none",
        "alg: none, and no signature",
        shown(lambda loot: forgery.without_signature(loot.token, loot.own_der)),
        "token.unsigned",
        label="4g",
    ),
    _attack(
        "alg-hs256",
        "re-signed with HS256 and the issuer's public key as the secret",
        shown(lambda loot: forgery.signed_with_public_key(loot.token, loot.own_der, loot.issuer_key)),
        "token.algorithm",
        label="4h",
    ),
    _attack(
        "expired",
        "a token that has expired",
        shown(lambda loot: loot.expired_token()),
        "token.expired",
        label="4i",
    ),
    _attack(
        "other-audience",
        "a token for another resource",
        shown(lambda loot: loot.other_audience_token),
        "token.audience",
        label="4j",
    ),
    _attack(
        "alg-none-in-other-letters",
        "alg: nOnE, for whoever compares with none",
        shown(lambda loot: forgery.with_header(loot.token, alg="nOnE")),
        "token.unsigned",
    ),
    _attack(
        "header-jku",
        "signed by the thief, with jku leading to the thief's keys (RFC 7515 §4.1.2)",
        shown(
            lambda loot: forgery.signed_by_thief(loot.token, loot.own_der, jku="https://thief.example/jwks")
        ),
        "token.signature",
    ),
    _attack(
        "header-x5u",
        "signed by the thief, with x5u leading to the thief's certificate (RFC 7515 §4.1.5)",
        shown(
            lambda loot: forgery.signed_by_thief(loot.token, loot.own_der, x5u="https://thief.example/chain")
        ),
        "token.signature",
    ),
    _attack(
        "header-jwk",
        "signed by the thief, with the thief's key in the header (RFC 7515 §4.1.3)",
        shown(lambda loot: forgery.signed_by_thief(loot.token, loot.own_der, jwk=dict)),
        "token.signature",
    ),
    _attack(
        "unknown-kid",
        "signed by the thief, with a key identifier of the thief's",
        shown(lambda loot: forgery.signed_by_thief(loot.token, loot.own_der, kid="thief")),
        "token.unknown-key",
    ),
    _attack(
        "kid-as-path",
        "a key identifier that is a path, to an empty file",
        shown(lambda loot: forgery.signed_by_thief(loot.token, loot.own_der, kid="../../../dev/null")),
        "token.unknown-key",
    ),
    _attack(
        "no-kid",
        "no key identifier, for whoever then tries all keys",
        shown(lambda loot: forgery.with_header(loot.token, kid=None)),
        "token.key-identifier",
    ),
    _attack(
        "wrong-type",
        "typ: JWT, as other tokens of the issuer have it",
        shown(lambda loot: forgery.with_header(loot.token, typ="JWT")),
        "token.type",
    ),
    _attack(
        "critical-header",
        "a critical extension that nobody knows (RFC 7515 §4.1.11)",
        shown(lambda loot: forgery.with_header(loot.token, crit=["b64"])),
        "token.critical",
    ),
    _attack(
        "header-twice",
        "a header with two alg, which two parsers read in two ways",
        shown(type_twice),
        "token.header",
    ),
    _attack("encrypted", "five parts, as if it were encrypted", shown(encrypted), "token.compact-form"),
    _attack(
        "bearer-token-on-the-bound-route",
        "the bearer client's token, which has no cnf",
        shown(lambda loot: loot.unbound_token),
        "binding.unbound",
    ),
    _attack(
        "bound-token-on-the-bearer-route",
        "the bound token where unbound ones are taken",
        on_the_bearer_route(lambda loot: loot.token),
        "binding.certificate",
    ),
)
