"""Thumbprints: the right certificate in a wrong spelling, or another certificate (RFC 8705 §3.1)."""

import hashlib
from typing import Any

import pytest

from sender_constraint.core.confirmation import MALFORMED_THUMBPRINT, check_thumbprint_syntax
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.explanations.explaining import explain
from sender_constraint.explanations.thumbprints import FIX_SPELLING
from sender_constraint.resource_server.binding import OTHER_CERTIFICATE
from sender_constraint.resource_server.binding_spelling import note_spelling
from tests.sender_constraint.explanations.refusals import refused
from tests.sender_constraint.pki import issue, make_scheme

PARTNER = issue(make_scheme().issuing)
RIGHT = certificate_thumbprint(PARTNER.der)


def malformed(value: str, certificate: bytes | None) -> dict[str, Any]:
    """The event of a token with this x5t#S256, presented on a connection with this certificate."""
    with pytest.raises(InvalidToken) as refusal:
        check_thumbprint_syntax({"x5t#S256": value})
    note_spelling(refusal.value, [certificate] if certificate else [])
    event = refused(MALFORMED_THUMBPRINT.identifier, **refusal.value.detail)
    return event | ({"thumbprint": certificate_thumbprint(certificate)} if certificate else {})


@pytest.mark.clause("RFC 8705 §3.1")
def test_the_right_certificate_in_hexadecimal_is_told_as_such() -> None:
    explanation = explain(malformed(hashlib.sha256(PARTNER.der).hexdigest(), PARTNER.der))
    assert explanation.findings == (
        "The certificate is right, but its spelling in the token is wrong: SHA-256 of the certificate's DER, "
        "in hexadecimal.",
    )
    assert RIGHT in (explanation.expected or "")
    assert explanation.next_step == FIX_SPELLING


def test_a_trail_without_the_noted_spelling_still_tells_other_writings_of_the_digest() -> None:
    event = malformed(hashlib.sha256(PARTNER.der).hexdigest(), PARTNER.der)
    del event["detail"]["spelling"]
    assert explain(event).findings[0].endswith("SHA-256 of the certificate's DER, in hexadecimal.")


def test_a_value_that_is_no_spelling_of_the_certificate_is_told_by_its_form() -> None:
    for certificate in (PARTNER.der, None):
        explanation = explain(malformed("0" * 64, certificate))
        form = "It has 64 characters, and looks like a SHA-256 digest in hexadecimal."
        assert explanation.findings[-1] == form


def test_another_thumbprint_is_another_certificate() -> None:
    other = certificate_thumbprint(b"another")
    explanation = explain(refused(OTHER_CERTIFICATE.identifier, expected=RIGHT, presented=other))
    assert explanation.findings == ("These are thumbprints of two different certificates.",)
    assert explanation.expected == f"the certificate with the token's x5t#S256, {RIGHT}"
    assert explanation.presented == f"a certificate with the thumbprint {other}"
    assert explanation.next_step == OTHER_CERTIFICATE.guidance.next_step


def test_a_well_formed_digest_of_something_else_of_the_same_certificate_is_recognised() -> None:
    of_pem = certificate_thumbprint(PARTNER.pem)
    refusal = InvalidToken(OTHER_CERTIFICATE, "no", expected=of_pem, presented=RIGHT)
    note_spelling(refusal, [PARTNER.der])
    explanation = explain(refused(OTHER_CERTIFICATE.identifier, **refusal.detail))
    assert explanation.findings == (
        "The certificate is right, but its spelling in the token is wrong: SHA-256 of the PEM text, in "
        "base64url without padding.",
    )
    assert explanation.next_step == FIX_SPELLING


def test_a_refusal_for_another_reason_gets_no_spelling() -> None:
    refusal = InvalidToken(MALFORMED_THUMBPRINT, "no", presented=RIGHT)
    note_spelling(refusal, [PARTNER.der])
    assert "spelling" not in refusal.detail
