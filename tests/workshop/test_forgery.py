"""What the thief makes is what it claims to be; that servers refuse it is proven end to end."""

import base64
import hashlib
import hmac
import ssl
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sender_constraint.certificates.csr import RequestedNames, new_private_key
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.sender_constraint.pki import Issued, issue, make_scheme
from workshop import forgery, requests
from workshop.private_files import write_private

CLAIMS = {"iss": "https://localhost:8441", "sub": "partner", "cnf": {"x5t#S256": "the partner's"}}


@pytest.fixture(scope="module")
def partner() -> Issued:
    names = (x509.DNSName("partner.example"), x509.UniformResourceIdentifier("urn:example:partner"))
    return issue(make_scheme().issuing, subject="partner", alternative_names=names)


@pytest.fixture(scope="module")
def thief() -> Issued:
    return issue(make_scheme().issuing, subject="thief")


@pytest.fixture(scope="module")
def issuer_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def issuer_public_pem(issuer_key: ec.EllipticCurvePrivateKey) -> bytes:
    return issuer_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.fixture(scope="module")
def token(issuer_key: ec.EllipticCurvePrivateKey) -> str:
    return jwt.encode(CLAIMS, issuer_key, algorithm="ES256", headers={"typ": "at+jwt", "kid": "1"})


def bound_to(certificate: Issued) -> dict[str, Any]:
    return {**CLAIMS, "cnf": {"x5t#S256": certificate_thumbprint(certificate.der)}}


def test_a_self_made_certificate_says_what_its_model_says_and_the_issuer_did_not_sign_it(
    partner: Issued,
) -> None:
    certificate_pem, key_pem = forgery.self_made_certificate(partner.certificate)
    forged, model = x509.load_pem_x509_certificate(certificate_pem), partner.certificate
    key = serialization.load_pem_private_key(key_pem, None)

    assert (forged.subject, forged.issuer) == (model.subject, model.issuer)
    for kind in (x509.SubjectAlternativeName, x509.AuthorityKeyIdentifier, x509.ExtendedKeyUsage):
        extension = forged.extensions.get_extension_for_class(kind)
        assert extension.value == model.extensions.get_extension_for_class(kind).value
    assert forged.public_key() == key.public_key() != model.public_key()
    with pytest.raises(InvalidSignature):
        forged.verify_directly_issued_by(make_scheme().issuing.certificate)


def test_openssl_takes_the_mismatched_key_for_the_certificates_and_no_other_key(
    partner: Issued, thief: Issued, tmp_path: Path
) -> None:
    certificate = write_private(tmp_path / "certificate.pem", partner.pem.decode())
    mismatched = write_private(tmp_path / "key.pem", forgery.mismatched_key(partner.certificate).decode())
    plain = thief.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    other = write_private(tmp_path / "other.pem", plain.decode())

    ssl.create_default_context().load_cert_chain(certificate, mismatched)
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        ssl.create_default_context().load_cert_chain(certificate, other)


def test_the_mismatched_key_has_the_partners_public_half_and_another_private_half(partner: Issued) -> None:
    pem = forgery.mismatched_key(partner.certificate)
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    point = partner.key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    secret = partner.key.private_numbers().private_value.to_bytes(32, "big")

    assert der.endswith(point)
    assert secret not in der


def test_a_mismatched_key_is_made_for_p_256_only(partner: Issued) -> None:
    request = x509.CertificateBuilder().subject_name(partner.certificate.subject)
    request = request.issuer_name(partner.certificate.issuer).serial_number(1)
    request = request.not_valid_before(partner.certificate.not_valid_before_utc)
    request = request.not_valid_after(partner.certificate.not_valid_after_utc)
    public = rsa.generate_private_key(65537, 2048).public_key()
    with_rsa = request.public_key(public).sign(partner.key, hashes.SHA256())

    with pytest.raises(ValueError, match="P-256"):
        forgery.mismatched_key(with_rsa)


def test_a_changed_confirmation_is_the_thiefs_under_the_issuers_old_signature(
    token: str, thief: Issued, issuer_key: ec.EllipticCurvePrivateKey
) -> None:
    forged = forgery.with_other_confirmation(token, thief.der)

    assert forgery.decoded_parts(forged)[1] == bound_to(thief)
    assert forged.split(".")[0::2] == token.split(".")[0::2]
    assert jwt.decode(token, issuer_key.public_key(), algorithms=["ES256"]) == CLAIMS
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, issuer_key.public_key(), algorithms=["ES256"])


def test_a_token_without_signature_says_alg_none_and_keeps_the_rest_of_its_header(
    token: str, thief: Issued
) -> None:
    forged = forgery.without_signature(token, thief.der)

    assert forgery.decoded_parts(forged) == (
        {"alg": "none", "typ": "at+jwt", "kid": "1"},
        bound_to(thief),
    )
    assert forged.endswith(".")


def test_a_token_signed_with_the_public_key_has_a_valid_mac_under_it(
    token: str, thief: Issued, issuer_public_pem: bytes
) -> None:
    forged = forgery.signed_with_public_key(token, thief.der, issuer_public_pem)
    signed, _, signature = forged.rpartition(".")
    mac = hmac.new(issuer_public_pem, signed.encode(), hashlib.sha256).digest()

    assert forgery.decoded_parts(forged) == (
        {"alg": "HS256", "typ": "at+jwt", "kid": "1"},
        bound_to(thief),
    )
    assert base64.urlsafe_b64decode(signature + "=") == mac


def test_a_token_that_the_thief_signed_carries_the_thiefs_key_and_verifies_with_it(
    token: str, thief: Issued, issuer_key: ec.EllipticCurvePrivateKey
) -> None:
    forged = forgery.signed_by_thief(token, thief.der, jwk=dict, kid="thief")
    header, claims = forgery.decoded_parts(forged)

    assert (claims, header["kid"], header["typ"]) == (bound_to(thief), "thief", "at+jwt")
    assert jwt.decode(forged, jwt.PyJWK(header["jwk"]), algorithms=["ES256"]) == claims
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged, issuer_key.public_key(), algorithms=["ES256"])


def test_a_changed_header_leaves_claims_and_signature_as_they_were(token: str) -> None:
    forged = forgery.with_header(token, typ="JWT", kid=None)

    assert forgery.decoded_parts(forged)[0] == {"alg": "ES256", "typ": "JWT", "kid": None}
    assert forged.split(".")[1:] == token.split(".")[1:]


def test_a_request_on_another_key_carries_that_key_and_is_not_signed_by_it(partner: Issued) -> None:
    names = RequestedNames("CN=thief,O=Thief Ltd,C=GB", ("thief.example",))
    request = x509.load_der_x509_csr(
        requests.on_another_key(new_private_key(), names, partner.certificate.public_key())
    )

    assert request.public_key() == partner.certificate.public_key()
    assert not request.is_signature_valid


def test_what_is_written_is_for_its_owner_only(tmp_path: Path) -> None:
    file = write_private(tmp_path / "key.pem", "key")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() == b"key"
