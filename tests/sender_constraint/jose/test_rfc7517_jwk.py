"""Public keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2), from somebody who is not trusted."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sender_constraint.core.errors import InvalidClientMetadata, InvalidDpopProof
from sender_constraint.core.rules import Rule
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jwk, jws
from sender_constraint.jose.jwk import jwk_of, public_jwk

EC_KEY = jwk_of(ec.generate_private_key(ec.SECP256R1()))
RSA_KEY = jwk_of(rsa.generate_private_key(65537, 2048))
ED_KEY = jwk_of(ed25519.Ed25519PrivateKey.generate())
# RFC 7638 §3.1 prints it, with its thumbprint.
PRINTED = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX"
    "jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8"
    "KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xB"
    "niIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "kid": "2011-04-29",
}
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def small_rsa(bits: int, exponent: int = 65537) -> dict[str, str]:
    return jwk_of(rsa.generate_private_key(exponent, bits))


@pytest.mark.clause("RFC 7638 §3.1")
def test_the_key_that_rfc_7638_prints_is_read_with_the_thumbprint_that_it_prints() -> None:
    read = public_jwk(PRINTED)
    assert read.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert (read.algorithm, read.key_identifier) == ("PS256", "2011-04-29")


@pytest.mark.clause("FAPI 2.0 §5.4.1")
@pytest.mark.parametrize(("value", "algorithm"), [(EC_KEY, "ES256"), (RSA_KEY, "PS256"), (ED_KEY, "EdDSA")])
def test_each_kind_of_key_has_one_algorithm(value: dict[str, str], algorithm: str) -> None:
    read = public_jwk({**value, "kid": "one", "use": "sig", "alg": algorithm, "key_ops": ["verify"]})
    assert (read.algorithm, read.key_identifier) == (algorithm, "one")
    assert read.thumbprint == jwk_thumbprint(value)
    assert jwk_of(read.key) == value


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (None, jwk.MALFORMED),
        ("key", jwk.MALFORMED),
        ([EC_KEY], jwk.MALFORMED),
        ({}, jwk.MALFORMED),
        ({**EC_KEY, "kty": 1}, jwk.MALFORMED),
        ({**EC_KEY, "crv": ["P-256"]}, jwk.MALFORMED),
        ({**EC_KEY, "kid": {}}, jwk.MALFORMED),
        ({**EC_KEY, "x": None}, jwk.NUMBERS),
        ({"kty": "EC", "crv": "P-256", "x": EC_KEY["x"]}, jwk.NUMBERS),
        ({**EC_KEY, "x": EC_KEY["x"] + "="}, jwk.NUMBERS),
        ({**EC_KEY, "x": EC_KEY["y"], "y": EC_KEY["x"]}, jwk.NUMBERS),
        ({**EC_KEY, "x": "AA" + EC_KEY["x"]}, jwk.NUMBERS),
        ({**EC_KEY, "x": "A", "y": "A"}, jwk.NUMBERS),
        ({**RSA_KEY, "n": jws.encode(b"\0" + jws.decode(RSA_KEY["n"]))}, jwk.NUMBERS),
        ({**RSA_KEY, "e": ""}, jwk.NUMBERS),
        ({**RSA_KEY, "n": jws.encode(b"\xff" * 2100)}, jwk.NUMBERS),
        ({**ED_KEY, "x": "AAAA"}, jwk.NUMBERS),
        ({"kty": "oct", "k": "c2VjcmV0"}, jwk.SYMMETRIC),
        ({**EC_KEY, "d": "AQ"}, jwk.PRIVATE),
        ({**EC_KEY, "d": ""}, jwk.PRIVATE),
        ({**RSA_KEY, "p": "AQ"}, jwk.PRIVATE),
        ({**ED_KEY, "k": "AQ"}, jwk.PRIVATE),
        ({**EC_KEY, "crv": "P-384"}, jwk.KIND),
        ({**EC_KEY, "crv": "secp256k1"}, jwk.KIND),
        ({**ED_KEY, "crv": "X25519"}, jwk.KIND),
        ({**ED_KEY, "crv": "Ed448"}, jwk.KIND),
        ({**EC_KEY, "kty": "ec"}, jwk.KIND),
        ({**EC_KEY, "use": "enc"}, jwk.PURPOSE),
        ({**EC_KEY, "key_ops": ["sign"]}, jwk.PURPOSE),
        ({**EC_KEY, "key_ops": "verify"}, jwk.PURPOSE),
        ({**EC_KEY, "alg": "ES384"}, jwk.ALGORITHM),
        ({**RSA_KEY, "alg": "RS256"}, jwk.ALGORITHM),
        ({**EC_KEY, "alg": "PS256"}, jwk.ALGORITHM),
    ],
)
def test_any_other_key_is_refused_for_its_reason(value: object, rule: Rule) -> None:
    with pytest.raises(InvalidClientMetadata) as refused:
        public_jwk(value, InvalidClientMetadata)
    assert refused.value.rule is rule
    assert EC_KEY["x"] not in str(refused.value.detail)


@pytest.mark.clause("FAPI 2.0 §5.4.1")
@pytest.mark.parametrize("value", [small_rsa(1024), small_rsa(2040), small_rsa(2048, 3)])
def test_a_weak_rsa_key_is_refused(value: dict[str, str]) -> None:
    with pytest.raises(InvalidDpopProof) as refused:
        public_jwk(value, InvalidDpopProof)
    assert refused.value.rule is jwk.WEAK


@pytest.mark.clause("RFC 8032 §8.9")
@pytest.mark.parametrize("point", SMALL_ORDER)
def test_an_ed25519_key_with_which_anybody_can_sign_is_refused(point: str) -> None:
    with pytest.raises(InvalidDpopProof) as refused:
        public_jwk({**ED_KEY, "x": jws.encode(bytes.fromhex(point))}, InvalidDpopProof)
    assert refused.value.rule is jwk.WEAK


@pytest.mark.clause("RFC 7515 §5.2")
@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 2048),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["ES256", "PS256", "EdDSA"],
)
def test_what_a_key_signed_is_verified_by_it_and_by_no_other(key: jws.PrivateKey) -> None:
    token = jws.sign({"typ": "JWT"}, {"sub": "partner"}, key)
    assert jws.is_compact(token)
    assert jws.header_of(token) == {"typ": "JWT", "alg": jws.algorithm_of(key)}
    assert jws.payload_of(token) == {"sub": "partner"}
    assert jws.is_signed_by(token, key.public_key())
    head, payload, signature = token.split(".")
    assert not jws.is_signed_by(f"{head}.{jws.encode(b'{}')}.{signature}", key.public_key())
    assert not jws.is_signed_by(f"{head}.{payload}.", key.public_key())
    assert not jws.is_signed_by(f"{head}.{payload}.{signature}A", key.public_key())
    assert not jws.is_signed_by(token, ec.generate_private_key(ec.SECP256R1()).public_key())


def test_a_curve_without_an_algorithm_signs_nothing() -> None:
    with pytest.raises(ValueError, match="secp384r1"):
        jws.algorithm_of(ec.generate_private_key(ec.SECP384R1()))
