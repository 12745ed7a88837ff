"""Bytes from outside: every exception of the libraries underneath is one refusal."""

import base64
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509 import ocsp

from sender_constraint.certificates.checked_servers import ServerCertificateRefused, server_chain
from sender_constraint.certificates.errors import StatusNotVerified
from sender_constraint.certificates.ocsp import verify_response
from sender_constraint.core import certificate_checks
from sender_constraint.core.errors import InvalidClient, InvalidToken, Refusal
from sender_constraint.core.thumbprint_spellings import spelling_of
from sender_constraint.core.untrusted_input import (
    MalformedInput,
    certificate_from_der,
    certificates_from_pem,
    certificates_from_pkcs7,
    certification_request_from_der,
    is_issued_by,
    ocsp_request_from_der,
    ocsp_response_from_der,
    parsing,
    revocation_list_from_der,
)
from sender_constraint.resource_server.binding_certificate import verify_binding_certificate
from sender_constraint.resource_server.issuer_signatures import verification_key
from tests.fuzz import der_kinds
from tests.sender_constraint.odd_der import CERTIFICATES, REQUESTS, odd, odd_request, resigned, with_time
from tests.sender_constraint.pki import NOW, Issued, issue, make_scheme, name_of
from tests.sender_constraint.statuses import Statuses

SCHEME = make_scheme()
PARTNER = issue(SCHEME.issuing, alternative_names=[x509.DNSName("partner.example")])
AUTHORITY = SCHEME.issuing
ODD = pytest.mark.parametrize("name", CERTIFICATES)


@ODD
def test_a_certificate_with_an_odd_value_is_malformed_in_every_encoding(name: str) -> None:
    bad = odd(name, PARTNER, AUTHORITY)
    assert certificate_from_der(PARTNER.der).serial_number == PARTNER.certificate.serial_number
    assert len(certificates_from_pem(PARTNER.pem + AUTHORITY.pem)) == 2
    readers: Sequence[Callable[[], object]] = (
        lambda: certificate_from_der(bad.der),
        lambda: certificates_from_pem(PARTNER.pem + bad.pem),
        lambda: certificates_from_pkcs7(pkcs7.serialize_certificates([bad.certificate], Encoding.DER)),
    )
    for read in readers:
        with pytest.raises(MalformedInput):
            read()


@pytest.mark.clause("RFC 5280 §6.1")
@ODD
def test_it_is_refused_by_every_check_of_certificates_wherever_it_stands_in_the_chain(name: str) -> None:
    bad, bad_issuer = odd(name, PARTNER, AUTHORITY), odd(name, AUTHORITY, SCHEME.root)

    def client(*presented: Issued) -> object:
        ders = [each.der for each in presented]
        return certificate_checks.verify_client_certificate(ders, SCHEME.anchors, NOW, InvalidClient)

    def binding(*presented: Issued) -> object:
        ders = [each.der for each in presented]
        return verify_binding_certificate(
            ders, SCHEME.anchors, Statuses(), NOW, InvalidToken, accept_foreign=True
        )

    def server(*presented: Issued) -> object:
        return server_chain([each.der for each in presented], SCHEME.anchors)

    for check, error in (
        (client, InvalidClient),
        (binding, InvalidToken),
        (server, ServerCertificateRefused),
    ):
        assert check(PARTNER, AUTHORITY)
        for presented in ((bad, AUTHORITY), (PARTNER, bad_issuer)):
            with pytest.raises(error) as refused:
                check(*presented)
            assert isinstance(refused.value, Refusal)
            assert refused.value.rule is certificate_checks.MALFORMED
            assert refused.value.detail["problem"].startswith("the certificate: ")
    # Where a thumbprint is only explained, there is no explanation.
    assert spelling_of("A" * 43, bad.der) is None


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_with_an_odd_value_is_malformed(name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert certification_request_from_der(odd_request("", key, name_of("partner"), "partner.example"))
    bad = odd_request(name, key, name_of("partner"), "partner.example")
    if name == "an x500UniqueIdentifier":
        # It is well-formed; the authority does not certify it (tests/ca).
        assert certification_request_from_der(bad)
        return
    with pytest.raises(MalformedInput):
        certification_request_from_der(bad)


def _response(this_update: bytes | None, *brought: Issued) -> bytes:
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(
            PARTNER.certificate, AUTHORITY.certificate, hashes.SHA256(), ocsp.OCSPCertStatus.GOOD,
            NOW, NOW + timedelta(minutes=5), None, None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, AUTHORITY.certificate)
        .certificates([each.certificate for each in brought])
    )  # fmt: skip
    der = builder.sign(AUTHORITY.key, hashes.SHA256()).public_bytes(Encoding.DER)
    return der.replace(b"20260301120000Z", this_update) if this_update else der


@pytest.mark.clause("RFC 6960 §4.2.1")
@ODD
def test_an_ocsp_response_with_an_odd_certificate_is_not_verified(name: str) -> None:
    def verify(der: bytes) -> object:
        return verify_response(der, PARTNER.certificate, AUTHORITY.certificate, NOW, None)

    assert verify(_response(None, PARTNER))
    for bad in (_response(None, odd(name, PARTNER, AUTHORITY)), _response(b"00000101000000Z", PARTNER)):
        with pytest.raises(MalformedInput):
            ocsp_response_from_der(bad)
        with pytest.raises(StatusNotVerified, match="the OCSP response is malformed"):
            verify(bad)


def test_a_revocation_list_is_read_to_its_last_entry() -> None:
    (good,) = der_kinds.REVOCATION_LISTS.originals
    assert [each.serial_number for each in revocation_list_from_der(good)] == [der_kinds.SERIAL]
    entry_of_the_year_0 = resigned(good, der_kinds.ISSUING_KEY, with_time(2, b"00000101000000Z"))
    with pytest.raises(MalformedInput, match="the revocation list: year 0"):
        revocation_list_from_der(entry_of_the_year_0)


def test_a_question_about_two_certificates_is_told_from_a_malformed_one() -> None:
    with pytest.raises(MalformedInput) as malformed:
        ocsp_request_from_der(b"\x30\x00")
    assert not isinstance(malformed.value.__cause__, NotImplementedError)


def test_a_certificate_is_issued_by_whose_name_it_says_and_whose_key_signed_it() -> None:
    assert is_issued_by(PARTNER.certificate, AUTHORITY.certificate)
    assert not is_issued_by(PARTNER.certificate, SCHEME.root.certificate)
    forged = issue(None, claimed_issuer=AUTHORITY)
    assert not is_issued_by(forged.certificate, AUTHORITY.certificate)


def test_a_jwk_of_no_key_is_none() -> None:
    point = base64.urlsafe_b64encode(b"\x01" * 32).decode().rstrip("=")
    jwk = {"kty": "EC", "crv": "P-256", "x": point, "y": point, "kid": "1"}
    for bad in (jwk, {**jwk, "x": 7}, {**jwk, "crv": []}, {**jwk, "x": "\ud800"}):
        assert verification_key(bad, "ES256") is None


class PanicException(BaseException):
    """As ``cryptography`` raises it."""


PanicException.__module__ = "pyo3_runtime"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError(99), "the thing: unknown value 99"),
        (OverflowError("too large"), "the thing: too large"),
        (PanicException("index out of bounds"), "the thing: index out of bounds"),
        (TypeError(), "the thing: TypeError"),
        (ValueError("x" * 1000), f"the thing: {'x' * 200}"),
    ],
)
def test_every_exception_becomes_one_and_says_what_was_parsed(error: BaseException, said: str) -> None:
    with pytest.raises(MalformedInput) as malformed, parsing("the thing"):
        raise error
    assert str(malformed.value) == said
    assert malformed.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_process_or_a_greenlet_passes(error: type[BaseException]) -> None:
    with pytest.raises(error), parsing("the thing"):
        raise error
