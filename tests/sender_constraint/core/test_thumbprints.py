import base64
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sender_constraint.core.thumbprints import (
    certificate_thumbprint,
    is_thumbprint,
    jwk_thumbprint,
    same_thumbprint,
)

# RFC 8705 Appendix A: the certificate, its JWK, and the cnf claim of the token that is bound to it.
APPENDIX_A_CERTIFICATE = b"""-----BEGIN CERTIFICATE-----
MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx
ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzFQ03C7HKW9OylMbnQZjjJ
/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwID
SQAwRgIhAP0RC1E+vwJD/D1AGHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOV
bUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=
-----END CERTIFICATE-----
"""
APPENDIX_A_THUMBPRINT = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"

# RFC 8705 §3.1 prints a value that no encoder produces, and articles repeat it.
NOT_CANONICAL = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
SAME_BYTES_CANONICAL = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0"

RFC_7638_KEY = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRX"
    "jBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs"
    "8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
    "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
RFC_7638_THUMBPRINT = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.clause("RFC 8705 Appendix A")
def test_the_certificate_of_rfc_8705_appendix_a_has_the_thumbprint_printed_there() -> None:
    certificate = x509.load_pem_x509_certificate(APPENDIX_A_CERTIFICATE)
    assert certificate_thumbprint(certificate.public_bytes(Encoding.DER)) == APPENDIX_A_THUMBPRINT


@pytest.mark.clause("RFC 8705 §3.1")
def test_a_thumbprint_is_the_unpadded_base64url_sha256_of_the_der() -> None:
    assert certificate_thumbprint(b"any octets") == (
        base64.urlsafe_b64encode(hashlib.sha256(b"any octets").digest()).decode().rstrip("=")
    )


@pytest.mark.clause("RFC 7638 §3.1")
def test_the_key_of_rfc_7638_has_the_thumbprint_printed_there() -> None:
    assert jwk_thumbprint(RFC_7638_KEY) == RFC_7638_THUMBPRINT


@pytest.mark.clause("RFC 7638 §3.2.1")
def test_a_private_key_has_the_thumbprint_of_its_public_key() -> None:
    assert jwk_thumbprint({**RFC_7638_KEY, "d": "secret", "use": "sig"}) == RFC_7638_THUMBPRINT


@pytest.mark.clause("RFC 7638 §3.2")
@pytest.mark.parametrize(
    ("jwk", "canonical"),
    [
        (
            {"y": "Yy", "x": "Xx", "kty": "EC", "crv": "P-256", "use": "sig"},
            b'{"crv":"P-256","kty":"EC","x":"Xx","y":"Yy"}',
        ),
        ({"x": "Xx", "kty": "OKP", "crv": "Ed25519"}, b'{"crv":"Ed25519","kty":"OKP","x":"Xx"}'),
        ({"kty": "oct", "k": "Kk", "alg": "HS256"}, b'{"k":"Kk","kty":"oct"}'),
    ],
    ids=["EC", "OKP", "oct"],
)
def test_only_the_required_members_count_in_the_order_of_their_names(
    jwk: dict[str, str], canonical: bytes
) -> None:
    assert jwk_thumbprint(jwk) == certificate_thumbprint(canonical)


@pytest.mark.clause("RFC 8037 Appendix A.3")
def test_the_octet_key_pair_of_rfc_8037_has_the_thumbprint_printed_there() -> None:
    key = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert jwk_thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "XX"},
        {"kty": ["EC"]},
        {"kty": "EC", "crv": "P-256", "x": "Xx"},
        {"kty": "RSA", "n": "Nn", "e": 65537},
        {"kty": "oct", "k": "\ud800"},
    ],
)
def test_a_key_without_its_required_members_has_no_thumbprint(jwk: dict[str, object]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # that it is one is the contract; the text is for people
        jwk_thumbprint(jwk)


@pytest.mark.parametrize(
    "value",
    [
        NOT_CANONICAL,
        APPENDIX_A_THUMBPRINT + "=",
        APPENDIX_A_THUMBPRINT[:-1],
        APPENDIX_A_THUMBPRINT + "A",
        APPENDIX_A_THUMBPRINT + "\n",
        "+" + APPENDIX_A_THUMBPRINT[1:],
        "",
        None,
        APPENDIX_A_THUMBPRINT.encode(),
    ],
)
def test_what_no_encoder_makes_is_no_thumbprint(value: object) -> None:
    assert is_thumbprint(APPENDIX_A_THUMBPRINT)
    assert is_thumbprint(SAME_BYTES_CANONICAL)
    assert not is_thumbprint(value)


@pytest.mark.clause("RFC 8705 §3.1")
def test_thumbprints_are_compared_exactly() -> None:
    assert same_thumbprint(APPENDIX_A_THUMBPRINT, APPENDIX_A_THUMBPRINT)
    assert not same_thumbprint(SAME_BYTES_CANONICAL, NOT_CANONICAL)
    assert not same_thumbprint(APPENDIX_A_THUMBPRINT, APPENDIX_A_THUMBPRINT.lower())
    assert not same_thumbprint(APPENDIX_A_THUMBPRINT, "")
    assert not same_thumbprint(APPENDIX_A_THUMBPRINT, "é\ud800")
