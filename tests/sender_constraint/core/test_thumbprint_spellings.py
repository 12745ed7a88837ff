import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sender_constraint.core.thumbprint_spellings import form_of, spelling_of
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.sender_constraint.pki import Issued, issue, make_scheme


def _certificate() -> Issued:
    """One whose thumbprint base64 and base64url spell differently, as they do not spell each."""
    scheme = make_scheme()
    while True:
        issued = issue(scheme.issuing)
        digest = hashlib.sha256(issued.der).digest()
        if base64.b64encode(digest) != base64.urlsafe_b64encode(digest):
            return issued


PARTNER = _certificate()
DIGEST = hashlib.sha256(PARTNER.der).digest()
RIGHT = certificate_thumbprint(PARTNER.der)


def base64url(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def public_key() -> bytes:
    return PARTNER.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


OF_DER = "SHA-256 of the certificate's DER"
AS_IT_SHOULD = "in base64url without padding"
SHA_1 = hashlib.sha1(PARTNER.der, usedforsecurity=False)

SPELLINGS = {
    DIGEST.hex(): f"{OF_DER}, in hexadecimal",
    DIGEST.hex().upper(): f"{OF_DER}, in capital hexadecimal",
    DIGEST.hex(":").upper(): f"{OF_DER}, in capital hexadecimal with colons",
    RIGHT + "=": f"{OF_DER}, in base64url with padding",
    base64.b64encode(DIGEST).decode(): f"{OF_DER}, in standard base64 with padding",
    base64url(DIGEST.hex().encode()): f"{OF_DER}, in base64url of its hexadecimal text",
    base64url(SHA_1.digest()): f"SHA-1 of the certificate's DER, {AS_IT_SHOULD}",
    SHA_1.hexdigest(): "SHA-1 of the certificate's DER, in hexadecimal",
    base64url(hashlib.sha256(PARTNER.pem).digest()): f"SHA-256 of the PEM text, {AS_IT_SHOULD}",
    base64url(hashlib.sha256(PARTNER.pem.strip()).digest()): (
        f"SHA-256 of the PEM text without the line end behind it, {AS_IT_SHOULD}"
    ),
    base64url(hashlib.sha256(public_key()).digest()): (
        f"SHA-256 of the public key (SubjectPublicKeyInfo), {AS_IT_SHOULD}"
    ),
    f"sha256 Fingerprint={DIGEST.hex(':').upper()}": (
        f"{OF_DER}, in capital hexadecimal with colons, with something around it"
    ),
    RIGHT.swapcase(): f"{OF_DER}, {AS_IT_SHOULD}, in other letter case",
    RIGHT[:32]: f"{OF_DER}, {AS_IT_SHOULD}, cut after 32 characters",
}


@pytest.mark.clause("RFC 8705 §3.1")
@pytest.mark.parametrize(("value", "spelling"), SPELLINGS.items(), ids=SPELLINGS.values())
def test_a_wrong_spelling_of_the_right_certificate_is_recognised(value: str, spelling: str) -> None:
    assert spelling_of(value, PARTNER.der) == spelling


@pytest.mark.parametrize("value", ["", "A", RIGHT, "x" * 43, "ä", certificate_thumbprint(b"another")])
def test_the_right_spelling_and_other_values_are_none(value: str) -> None:
    assert spelling_of(value, PARTNER.der) is None


def test_octets_that_are_no_certificate_have_spellings_of_their_digest_only() -> None:
    digest = hashlib.sha256(b"no certificate")
    assert spelling_of(digest.hexdigest(), b"no certificate") is not None
    assert spelling_of(DIGEST.hex(), b"no certificate") is None


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (DIGEST.hex(), "a SHA-256 digest in hexadecimal"),
        (DIGEST.hex(":"), "a SHA-256 digest in hexadecimal with colons"),
        ("0" * 40, "a SHA-1 digest in hexadecimal"),
        (RIGHT + "=", "a SHA-256 digest in base64 with padding"),
        ("a+" * 21 + "a", "a SHA-256 digest in standard base64"),
        ("a" * 27, "a SHA-1 digest in base64"),
        ("a" * 86, "the hexadecimal text of a SHA-256 digest in base64url, or a SHA-512 digest"),
        ("partner", None),
        ("", None),
    ],
)
def test_the_form_of_a_value_says_what_it_may_be(value: str, form: str | None) -> None:
    assert form_of(value) == form
