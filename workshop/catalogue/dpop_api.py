"""Tokens that are bound to a key, at the API: RFC 9449 §4.3 and §7 (https://www.rfc-editor.org/rfc/rfc9449).

The thief has a stolen token, what it overheard, and a key of its own. Where a proof must be signed by the
partner's key, the thief had it signed in advance, while it could use the key and not copy it (§11.2): that is
why each proof is for one request, one token and one moment.
"""

import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.loot import Cast, Loot
from workshop.proofs import ABSENT, Proofs, now, signed, token_hash
from workshop.wire import NO_CREDENTIALS

MINUTE = 60


def dpop_call(cast: Cast) -> Call:
    """The partner's own call of its accounts, with a token that is bound to its key."""
    holder = cast.holder
    call = Call("GET", f"{cast.targets.api}/accounts", None, NO_CREDENTIALS)
    return presenting(call, holder.token, holder.proof())


DPOP = Family("api-dpop", "The stolen token that is bound to a key (DPoP)", dpop_call)


def presenting(call: Call, token: str, *proofs: str, scheme: str = "DPoP") -> Call:
    """The call with this token, and a header DPoP for each of these proofs."""
    headers = (("Authorization", f"{scheme} {token}"), *(("DPoP", proof) for proof in proofs))
    return call.but(token=None, headers=headers)


def shown(make: Callable[[Proofs], str]) -> Change:
    """Present the stolen token with a proof that the partner's key signed in advance."""

    def change(call: Call, loot: Loot) -> Call:
        return presenting(call, loot.in_advance.token, make(loot.in_advance))

    return change


def own(make: Callable[[Proofs], str]) -> Change:
    """Present the stolen token with a proof of the thief's own."""

    def change(call: Call, loot: Loot) -> Call:
        return presenting(call, loot.in_advance.token, make(loot.own_proofs))

    return change


def header_changed(**members: Any) -> Change:
    """A proof by the thief's key, with these members of its header."""
    return own(lambda proofs: proofs.proof(header=members))


def jwk_changed(**members: Any) -> Change:
    """The same, with these members of its public key."""
    return own(lambda proofs: proofs.proof(header={"jwk": {**jwk_of(proofs.key), **members}}))


def claims_changed(**claims: Callable[[Proofs], Any]) -> Change:
    """A proof by the partner's key, with these claims."""
    return shown(
        lambda proofs: proofs.proof(**{name: value(proofs) for name, value in claims.items()}),
    )


def replayed(call: Call, loot: Loot) -> Call:
    """A proof that the API has seen already."""
    return presenting(call, loot.in_advance.token, loot.overheard_proof())


def without_proof(call: Call, loot: Loot) -> Call:
    """The token alone, as is enough for a bearer token."""
    return presenting(call, loot.in_advance.token)


def two_proofs(call: Call, loot: Loot) -> Call:
    """Two headers, each with a good proof."""
    return presenting(call, loot.in_advance.token, loot.in_advance.proof(), loot.in_advance.proof())


def as_bearer(call: Call, loot: Loot) -> list[Call]:
    """The token as if it were bound to nothing, or to the thief's certificate."""
    bearer = presenting(call, loot.in_advance.token, scheme="Bearer")
    with_proof = presenting(call, loot.in_advance.token, loot.in_advance.proof(), scheme="Bearer")
    return [bearer, bearer.but(credentials=loot.own), with_proof]


def certificate_bound_as_dpop(call: Call, loot: Loot) -> Call:
    """The token of another client, bound to a certificate, with a proof by the thief's key."""
    proofs = Proofs(loot.enrolment.key, loot.token, loot.in_advance.url)
    return presenting(call, loot.token, proofs.proof()).but(credentials=loot.own)


def unbound_as_dpop(call: Call, loot: Loot) -> Call:
    """A token that is bound to nothing, where such tokens are taken, with a proof beside it."""
    at = "/demo/bearer/accounts"
    proofs = Proofs(loot.enrolment.key, loot.unbound_token, loot.in_advance.url.replace("/accounts", at))
    return presenting(call, loot.unbound_token, proofs.proof()).at(at)


def forged(proofs: Proofs) -> str:
    """The partner's public key in the header, and the thief's signature."""
    return signed(proofs.header(), proofs.claims(), ec.generate_private_key(ec.SECP256R1()))


def symmetric(proofs: Proofs) -> str:
    """HS256's kind of key, under the name of an algorithm that is accepted."""
    return proofs.proof(header={"jwk": {"kty": "oct", "k": jws.encode(b"a secret that both sides have")}})


def private(proofs: Proofs) -> str:
    """The private half of the thief's own key with the public one."""
    key = proofs.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - as thieves have them
    secret = jws.encode(key.private_numbers().private_value.to_bytes(32, "big"))
    return proofs.proof(header={"jwk": {**jwk_of(key), "d": secret}})


def weak(proofs: Proofs) -> str:
    """An RSA key that can be factored."""
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the attack
    return Proofs(short, proofs.token, proofs.url).proof()


def five_parts(proofs: Proofs) -> str:
    """As an encrypted JWT has them."""
    header, payload, signature = proofs.proof().split(".")
    return f"{header}.{payload}.{payload}.{payload}.{signature}"


def twice(document: dict[str, Any], member: bytes) -> bytes:
    """A JSON object in which a member stands twice."""
    return b"{" + member + b"," + json.dumps(document).encode()[1:]


def _attack(
    identifier: str, title: str, change: Change, rule: str, error: str = "invalid_dpop_proof"
) -> Attack:
    return Attack(DPOP, f"dpop-{identifier}", title, change, Expected(401, error, rule))


ATTACKS: tuple[Attack, ...] = (
    _attack("no-proof", "the token without a proof", without_proof, "dpop.missing"),
    _attack("replayed", "a proof that was overheard, once more", replayed, "dpop.replayed"),
    _attack(
        "own-key",
        "a good proof by the thief's own key",
        own(lambda proofs: proofs.proof()),
        "dpop.other-key",
        "invalid_token",
    ),
    _attack("forged", "the partner's public key, the thief's signature", shown(forged), "dpop.signature"),
    _attack("two-proofs", "two proofs, each of them good", two_proofs, "dpop.more-than-one"),
    _attack("other-method", "a proof for POST", claims_changed(htm=lambda _: "POST"), "dpop.method"),
    _attack(
        "other-path",
        "a proof for payments",
        claims_changed(htu=lambda proofs: proofs.url.replace("/accounts", "/payments")),
        "dpop.url",
    ),
    _attack(
        "other-host",
        "a proof that the partner made for the thief's server",
        claims_changed(htu=lambda _: "https://api.thief.example/accounts"),
        "dpop.url",
    ),
    _attack(
        "user-information",
        "the bank's host before an @, the thief's behind it",
        claims_changed(htu=lambda proofs: proofs.url.replace("/accounts", "@thief.example/accounts")),
        "dpop.url",
    ),
    _attack(
        "plain-http",
        "a proof for the same address without TLS",
        claims_changed(htu=lambda proofs: proofs.url.replace("https:", "http:")),
        "dpop.url",
    ),
    _attack(
        "other-token",
        "a proof for another token of the partner's",
        claims_changed(ath=lambda _: token_hash("another")),
        "dpop.token-hash",
    ),
    _attack(
        "no-token-hash",
        "a proof for the token endpoint, which names no token",
        claims_changed(ath=lambda _: ABSENT),
        "dpop.token-hash",
    ),
    _attack(
        "too-old",
        "a proof of two minutes ago",
        claims_changed(iat=lambda _: now() - 2 * MINUTE),
        "dpop.too-old",
    ),
    _attack("ended", "a proof whose exp is over", claims_changed(exp=lambda _: now() - 1), "dpop.too-old"),
    _attack(
        "in-future",
        "a proof made in advance, for a minute from now",
        claims_changed(iat=lambda _: now() + MINUTE + 5),
        "dpop.in-future",
    ),
    _attack(
        "not-before",
        "a proof that is not valid before a minute from now",
        claims_changed(nbf=lambda _: now() + MINUTE + 5),
        "dpop.in-future",
    ),
    _attack("no-jti", "a proof without jti", claims_changed(jti=lambda _: ABSENT), "dpop.claim-missing"),
    _attack("jti-number", "a jti that is a number", claims_changed(jti=lambda _: 7), "dpop.claim-type"),
    _attack("jti-long", "a jti of a kilobyte", claims_changed(jti=lambda _: "7" * 1024), "dpop.claim-type"),
    _attack("iat-text", "an iat that is a text", claims_changed(iat=lambda _: str(now())), "dpop.claim-type"),
    _attack("wrong-type", "typ: JWT, as assertions have it", header_changed(typ="JWT"), "dpop.type"),
    _attack("no-type", "no typ at all", header_changed(typ=ABSENT), "dpop.type"),
    _attack("alg-none", "alg: none", header_changed(alg="none"), "dpop.unsigned"),
    _attack("alg-none-in-other-letters", "alg: NonE", header_changed(alg="NonE"), "dpop.unsigned"),
    _attack("alg-hs256", "alg: HS256", header_changed(alg="HS256"), "dpop.algorithm"),
    _attack(
        "alg-rs256", "alg: RS256, which FAPI 2.0 leaves out", header_changed(alg="RS256"), "dpop.algorithm"
    ),
    _attack(
        "alg-of-another-key",
        "alg: PS256 with a key on P-256",
        header_changed(alg="PS256"),
        "dpop.algorithm-of-key",
    ),
    _attack(
        "critical", "a critical extension that nobody knows", header_changed(crit=["b64"]), "dpop.critical"
    ),
    _attack("no-key", "no jwk: a kid in its place", header_changed(jwk=ABSENT, kid="1"), "dpop.key-missing"),
    _attack(
        "key-address",
        "no jwk: the address of one in its place",
        header_changed(jwk=ABSENT, jku="https://thief.example/jwks"),
        "dpop.key-missing",
    ),
    _attack("key-text", "a jwk that is a text", header_changed(jwk="key"), "jwk.malformed"),
    _attack("key-symmetric", "a shared secret as the key", own(symmetric), "jwk.symmetric"),
    _attack("key-private", "the private half with the public one", own(private), "jwk.private"),
    _attack("key-weak", "an RSA key of 1024 bits", own(weak), "jwk.weak"),
    _attack("key-curve", "a key on secp256k1", jwk_changed(crv="secp256k1"), "jwk.kind"),
    _attack(
        "key-numbers",
        "a key that is no point of its curve",
        jwk_changed(x=jws.encode(bytes(32))),
        "jwk.numbers",
    ),
    _attack(
        "key-padding", "a key with padding, for another thumbprint", jwk_changed(x="AA=="), "jwk.numbers"
    ),
    _attack("key-purpose", "a key for encryption", jwk_changed(use="enc"), "jwk.purpose"),
    _attack("key-algorithm", "a key for another algorithm", jwk_changed(alg="ES384"), "jwk.algorithm"),
    _attack(
        "header-twice",
        "a header with two typ",
        own(lambda proofs: signed(twice(proofs.header(), b'"typ": "JWT"'), proofs.claims(), proofs.key)),
        "dpop.header",
    ),
    _attack(
        "claims-twice",
        "two htm, which two parsers read in two ways",
        own(lambda proofs: signed(proofs.header(), twice(proofs.claims(), b'"htm": "POST"'), proofs.key)),
        "dpop.payload",
    ),
    _attack("encrypted", "five parts, as if it were encrypted", own(five_parts), "dpop.form"),
    _attack(
        "as-bearer",
        "the token as a bearer token: alone, with a certificate, with a proof",
        as_bearer,
        "binding.dpop-token-as-bearer",
        "invalid_token",
    ),
    _attack(
        "certificate-bound",
        "a token that is bound to a certificate, with a proof by the thief's key",
        certificate_bound_as_dpop,
        "binding.other-token-as-dpop",
        "invalid_token",
    ),
    _attack(
        "unbound",
        "a token that is bound to nothing, with a proof beside it",
        unbound_as_dpop,
        "binding.other-token-as-dpop",
        "invalid_token",
    ),
)
