"""Requests to the token endpoint in the name of a client that authenticates by private_key_jwt.

RFC 7523 §3 (https://www.rfc-editor.org/rfc/rfc7523), RFC 7521 §4.2, FAPI 2.0 Security Profile §5.3.2.1. The
thief has what leaked: assertions that the client signed for others, or for other times; never its key.
"""

import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from sender_constraint.jose import jws
from workshop.asserting import Signer
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.token_requests import form
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS

DAY_SECONDS = 86_400
SAML = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"


def _valid(cast: Cast) -> Call:
    return cast.signing.by_key.token_call(cast.targets.issuer, NO_CREDENTIALS)


IN_THE_NAME_OF_A_SIGNER = Family(
    "token-assertion", "A token in the name of a client that signs assertions", _valid
)


def leaked(header: dict[str, Any] | None = None, **claims: Any) -> Change:
    """An assertion that the client did sign, though not for this."""
    return lambda call, loot: call.with_form(client_assertion=loot.signing.leaked(header, **claims))


def _lasting(**seconds: int) -> Change:
    """The same, with times that many seconds from now."""

    def change(call: Call, loot: Loot) -> Call:
        times = {name: int(time.time()) + offset for name, offset in seconds.items()}
        return call.with_form(client_assertion=loot.signing.leaked(None, **times))

    return change


def forged(client_id: str | None = None) -> Change:
    """One that the thief signed, with the client's ``kid`` in its header."""

    def change(call: Call, loot: Loot) -> Call:
        return call.with_form(client_assertion=loot.signing.forger(client_id).assertion())

    return change


def by_another_algorithm(call: Call, loot: Loot) -> Call:
    """One that the thief signed by RSA, where the client registered ES256."""
    forger = loot.signing.forger(None)
    key = rsa.generate_private_key(65537, 2048)
    other = Signer(forger.client_id, forger.issuer, key, forger.key_identifier)
    return call.with_form(client_assertion=other.assertion())


def by_another_key(call: Call, loot: Loot) -> Call:
    """One that names a key which the client never registered, and brings it along."""
    forger = loot.signing.forger(None)
    other = Signer(forger.client_id, forger.issuer, forger.key, "thief")
    return call.with_form(client_assertion=other.assertion())


def addressed_to_endpoint(call: Call, loot: Loot) -> list[Call]:
    """CVE-2025-27370: the client was told by the thief's server that the bank's token endpoint is its own."""
    issuer = loot.signing.forger(None).issuer
    audiences = (
        f"{issuer}/introspect", f"{issuer}/revoke", f"{issuer}/token/", f"{issuer}/",
        [f"{issuer}/token", "https://thief.example"], ["https://thief.example", issuer],
    )  # fmt: skip
    return [call.with_form(client_assertion=loot.signing.leaked(None, aud=each)) for each in audiences]


def of_another_type(call: Call, loot: Loot) -> list[Call]:
    """RFC 8725 §3.11: JWTs that the client signed with this key for other purposes, otherwise valid."""
    kinds = ("dpop+jwt", "oauth-authz-req+jwt", "logout+jwt", "x/client-authentication+jwt", "")
    return [call.with_form(client_assertion=loot.signing.leaked({"typ": each})) for each in kinds]


def without_assertion(client_id: str | None = None) -> Change:
    """Only the name of the client, or of no client."""
    return lambda call, loot: call.with_form(
        client_assertion=None,
        client_assertion_type=None,
        client_id=client_id or loot.signing.forger(None).client_id,
    )


def unsigned(call: Call, loot: Loot) -> Call:
    """RFC 7518 §3.6: the client's own claims, and no signature."""
    claims = jws.payload_of(loot.signing.leaked(None))
    return call.with_form(client_assertion=f"{_part({'alg': 'none'})}.{_part(claims)}.")


def by_shared_secret(call: Call, loot: Loot) -> Call:
    """RFC 8725 §2.1: HMAC, with the public key of somebody as the secret."""
    signed = f"{_part({'alg': 'HS256'})}.{_part(jws.payload_of(loot.signing.leaked(None)))}"
    digest = hmac.new(loot.issuer_key, signed.encode(), hashlib.sha256).digest()
    return call.with_form(client_assertion=f"{signed}.{jws.encode(digest)}")


def access_token(call: Call, loot: Loot) -> Call:
    """RFC 8725 §2.8: another JWT of the same parties, an access token."""
    return call.with_form(client_assertion=loot.token)


def overheard(call: Call, loot: Loot) -> Call:
    """One that the client used a moment ago."""
    return call.with_form(client_assertion=loot.signing.overheard()[0])


def ambiguous(part: int) -> Change:
    """A header or a payload in which a name stands twice: two parsers read two things."""

    def change(call: Call, loot: Loot) -> Call:
        parts = loot.signing.leaked(None).split(".")
        members = jws.decode(parts[part]).decode()
        twice = f'{members[:-1]},"{"alg" if part == 0 else "sub"}":"x"}}'
        parts[part] = jws.encode(twice.encode())
        return call.with_form(client_assertion=".".join(parts))

    return change


def _part(members: dict[str, Any]) -> str:
    return jws.encode(json.dumps(members).encode())


def _refused(
    identifier: str, title: str, change: Change, rule: str, *, error: str = "invalid_client"
) -> Attack:
    status = 401 if error == "invalid_client" else 400
    return Attack(IN_THE_NAME_OF_A_SIGNER, identifier, title, change, Expected(status, error, rule))


_REFUSED: tuple[tuple[str, str, Change, str], ...] = (
    ("assertion-unsigned", "the client's claims, and no signature", unsigned, "assertion.unsigned"),
    ("assertion-by-secret", "HMAC with a public key as the secret", by_shared_secret, "assertion.algorithm"),
    (
        "assertion-other-algorithm",
        "signed by another algorithm than the registered one",
        by_another_algorithm,
        "assertion.client-algorithm",
    ),
    ("assertion-unknown-key", "signed by a key that it names itself", by_another_key, "assertion.key"),
    (
        "assertion-for-another-server",
        "an assertion for the thief's own server",
        leaked(aud="https://thief.example"),
        "assertion.audience",
    ),
    (
        "assertion-for-many",
        "an assertion for two servers, of which one is the thief's",
        lambda call, loot: call.with_form(
            client_assertion=loot.signing.leaked(
                None, aud=[loot.signing.forger(None).issuer, "https://thief.example"]
            )
        ),
        "assertion.audience",
    ),
    (
        "assertion-for-an-endpoint",
        "assertions for other addresses of the bank's, or for one of them and the thief's server",
        addressed_to_endpoint,
        "assertion.audience",
    ),
    (
        "assertion-of-another-type",
        "JWTs that the client signed for something else",
        of_another_type,
        "assertion.type",
    ),
    ("assertion-expired", "an assertion that has expired", _lasting(exp=-1), "assertion.expired"),
    (
        "assertion-for-a-day",
        "an assertion that counts for a day",
        _lasting(exp=DAY_SECONDS),
        "assertion.lifetime",
    ),
    (
        "assertion-of-the-future",
        "an assertion of a minute ahead",
        _lasting(iat=61, exp=90),
        "assertion.in-future",
    ),
    ("assertion-replayed", "an assertion that was used", overheard, "assertion.replayed"),
    ("assertion-without-jti", "an assertion without jti", leaked(jti=None), "assertion.claim-missing"),
    ("assertion-jti-no-text", "a jti that is no text", leaked(jti=1), "assertion.claim-type"),
    (
        "assertion-for-another-client",
        "issued by one client, about another",
        leaked(iss="other-partner"),
        "assertion.subject",
    ),
    (
        "assertion-beside-another-client-id",
        "an assertion of one client, and the client_id of another",
        form(client_id="other-partner"),
        "assertion.client-id",
    ),
    (
        "assertion-critical",
        "an unknown extension",
        leaked({"crit": ["x"]}),
        "assertion.critical",
    ),
    ("assertion-access-token", "an access token as an assertion", access_token, "assertion.type"),
    (
        "assertion-oversize",
        "an assertion of 9 KB",
        form(client_assertion="e30." + "A" * 9_000 + ".e30"),
        "assertion.size",
    ),
    (
        "assertion-encrypted",
        "five parts",
        form(client_assertion="a.b.c.d.e"),
        "assertion.form",
    ),
    ("assertion-two-headers", "a header with two readings", ambiguous(0), "assertion.header"),
    ("assertion-two-payloads", "a payload with two readings", ambiguous(1), "assertion.payload"),
    (
        "assertion-of-saml",
        "an assertion of SAML",
        form(client_assertion_type=SAML),
        "assertion.kind",
    ),
    (
        "assertion-of-a-pki-client",
        "an assertion in the name of a client with certificates",
        forged("partner"),
        "client.registered-method",
    ),
)

ATTACKS: tuple[Attack, ...] = (
    Attack(
        IN_THE_NAME_OF_A_SIGNER,
        "assertion-forged",
        "an assertion signed by the thief",
        forged(),
        Expected(401, "invalid_client", "assertion.signature"),
        twin=forged("nobody"),
    ),
    *(_refused(*each) for each in _REFUSED),
    Attack(
        IN_THE_NAME_OF_A_SIGNER,
        "assertion-left-out",
        "the client's name alone, without assertion and certificate",
        without_assertion(),
        Expected(401, "invalid_client", "assertion.missing"),
        twin=without_assertion("nobody"),
    ),
    _refused(
        "assertion-without-type",
        "an assertion of which nobody says what it is",
        form(client_assertion_type=None),
        "assertion.parameters",
        error="invalid_request",
    ),
    Attack(
        IN_THE_NAME_OF_A_SIGNER,
        "assertion-and-secret",
        "a guessed secret beside the assertion",
        form(client_secret="tr0ub4dor"),  # noqa: S106 - no secret
        Expected(400, "invalid_request", "client.one-method"),
    ),
    Attack(
        IN_THE_NAME_OF_A_SIGNER,
        "assertion-replaced-by-certificate",
        "the thief's certificate in place of the assertion",
        lambda call, loot: call.with_form(
            client_assertion=None, client_assertion_type=None, client_id=loot.signing.forger(None).client_id
        ).but(credentials=loot.own),
        Expected(401, "invalid_client", "client.registered-method"),
    ),
)
