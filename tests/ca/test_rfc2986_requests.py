"""Certification requests: RFC 2986, and what this authority demands beyond it."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from ca.authority.entitlements import (
    ALTERNATIVE_NAME,
    SERVER_NAME,
    SUBJECT,
    Entitlement,
    check_alternative_names,
    check_server_name,
    check_subject,
)
from ca.authority.profiles import CLIENT, SERVER
from ca.authority.refusals import EnrolmentRefused, RequestMalformed
from ca.authority.requests import (
    AUTHORITY,
    EC_256,
    KEY,
    LARGEST_REQUEST_BYTES,
    SIGNATURE,
    SIGNATURE_ALGORITHM,
    SIZE,
    SYNTAX,
    CertificationRequest,
    verify_request,
)
from sender_constraint.core.names import parse_distinguished_name
from sender_constraint.core.rules import Rule
from tests.ca.material import PARTNER, PARTNER_DNS, PARTNER_URI, builder, corrupted, csr, new_key, signed
from tests.sender_constraint.odd_der import ODD_REQUESTS, PSS_WITHOUT_PARAMETERS, odd_request

ENTITLEMENT = Entitlement(parse_distinguished_name(PARTNER), (PARTNER_DNS,), (PARTNER_URI,))


def refused(der: bytes) -> Rule:
    with pytest.raises(EnrolmentRefused) as refusal:
        verify_request(der)
    return refusal.value.rule


def test_a_good_request_is_read() -> None:
    key = new_key()
    asked = verify_request(csr(key))
    assert asked.public_key == key.public_key()
    assert asked.subject.rfc4514_string() == PARTNER
    assert asked.alternative_names == (x509.DNSName(PARTNER_DNS),)
    assert asked.public_key_digest == verify_request(csr(key, "CN=other")).public_key_digest


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(rsa.generate_private_key(65537, 2048), id="RSA 2048"),
    ],
)
def test_other_keys_that_every_party_verifies_are_read(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    assert verify_request(csr(key)).public_key == key.public_key()


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(ec.generate_private_key(ec.SECP384R1()), id="P-384"),
        pytest.param(rsa.generate_private_key(65537, 4096), id="RSA 4096"),
    ],
)
def test_under_the_profile_of_256_bits_other_keys_are_refused(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    assert verify_request(csr(new_key()), EC_256)
    with pytest.raises(RequestMalformed) as refusal:
        verify_request(csr(key), EC_256)
    assert refusal.value.rule is KEY
    assert refusal.value.description == "The key must be EC on P-256"


@pytest.mark.clause("RFC 2986 §4.2")
def test_a_signature_by_another_key_is_refused() -> None:
    assert refused(corrupted(csr(new_key()))) is SIGNATURE


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(rsa.generate_private_key(65537, 1024), id="RSA 1024"),  # noqa: S505 - weak on purpose
        pytest.param(rsa.generate_private_key(65537, 2040), id="RSA 2040"),  # noqa: S505 - weak on purpose
        pytest.param(rsa.generate_private_key(3, 2048), id="RSA exponent 3"),
        pytest.param(ec.generate_private_key(ec.SECP521R1()), id="P-521"),
        pytest.param(ec.generate_private_key(ec.SECP256K1()), id="secp256k1"),
        pytest.param(dsa.generate_private_key(2048), id="DSA"),
    ],
)
def test_a_key_of_another_kind_or_size_is_refused(key: rsa.RSAPrivateKey) -> None:
    assert refused(csr(key)) is KEY


def test_an_ed25519_key_is_refused() -> None:
    assert refused(signed(builder(), ed25519.Ed25519PrivateKey.generate(), None)) is KEY


def test_a_signature_over_a_short_hash_is_refused() -> None:
    assert refused(signed(builder(), new_key(), hashes.SHA224())) is SIGNATURE_ALGORITHM


def test_a_signature_over_sha_1_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(
        new_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    made = subprocess.run(
        ["openssl", "req", "-new", "-sha1", "-key", key, "-subj", "/CN=partner", "-outform", "DER"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert refused(made.stdout) is SIGNATURE_ALGORITHM


@pytest.mark.parametrize(
    "der",
    [
        pytest.param(b"no request", id="text"),
        pytest.param(csr(new_key())[:-1], id="cut off"),
        pytest.param(csr(new_key()) + b"\0", id="something behind it"),
        pytest.param(csr(new_key()).replace(b"\x02\x01\x00", b"\x02\x01\x01", 1), id="another version"),
    ],
)
def test_what_is_no_request_is_refused(der: bytes) -> None:
    with pytest.raises(RequestMalformed) as refusal:
        verify_request(der)
    assert refusal.value.rule is SYNTAX
    assert refusal.value.status == 400


@pytest.mark.clause("RFC 2986 §4.2")
@pytest.mark.parametrize("name", ODD_REQUESTS)
def test_values_that_cannot_be_read_or_written_into_a_certificate_are_refused(name: str) -> None:
    subject = x509.Name.from_rfc4514_string(PARTNER)
    assert verify_request(odd_request("", new_key(), subject, PARTNER_DNS))
    expected = SIGNATURE_ALGORITHM if name == PSS_WITHOUT_PARAMETERS else SYNTAX
    assert refused(odd_request(name, new_key(), subject, PARTNER_DNS)) is expected


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_a_name_that_cannot_be_certified_is_refused() -> None:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "GBR", _validate=False)
    assert refused(csr(new_key(), x509.Name([country]))) is SYNTAX


@pytest.mark.parametrize("der", [b"", b"\x30" * (LARGEST_REQUEST_BYTES + 1)])
def test_nothing_and_too_much_are_refused(der: bytes) -> None:
    assert refused(der) is SIZE


@pytest.mark.clause("RFC 5280 §4.2.1.9")
def test_a_request_to_become_an_authority_is_refused() -> None:
    wanting = builder().add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    assert refused(signed(wanting, new_key())) is AUTHORITY
    modest = builder().add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    verify_request(signed(modest, new_key()))


def test_the_subject_is_written_anew_from_its_values() -> None:
    odd = x509.NameAttribute(NameOID.COMMON_NAME, "partner", x509.name._ASN1Type.T61String)
    asked = verify_request(csr(new_key(), x509.Name([odd])))
    (attribute,) = asked.subject
    assert attribute.value == "partner"
    assert attribute._type is x509.name._ASN1Type.UTF8String


def asking(subject: str = PARTNER, *names: x509.GeneralName) -> CertificationRequest:
    return verify_request(csr(new_key(), subject, names))


def test_the_participants_own_names_are_allowed_and_may_be_left_out() -> None:
    everything = asking(PARTNER, x509.DNSName("Partner.Example"), x509.UniformResourceIdentifier(PARTNER_URI))
    for request in (everything, asking()):
        check_subject(request, ENTITLEMENT)
        check_alternative_names(request, ENTITLEMENT)
        check_server_name(request, CLIENT)


@pytest.mark.clause("RFC 7030 §3.7")
@pytest.mark.parametrize(
    "subject",
    [
        "CN=other-partner,O=Other Partner Ltd,C=GB",
        "CN=Partner,O=Partner Ltd,C=GB",
        "CN=partner,O=Partner Ltd",
        "O=Partner Ltd,CN=partner,C=GB",
        "CN=partner,OU=Extra,O=Partner Ltd,C=GB",
    ],
)
def test_another_subject_is_refused(subject: str) -> None:
    with pytest.raises(EnrolmentRefused) as refusal:
        check_subject(asking(subject), ENTITLEMENT)
    assert refusal.value.rule is SUBJECT
    assert refusal.value.status == 403


def test_no_subject_is_refused() -> None:
    with pytest.raises(EnrolmentRefused) as refusal:
        check_subject(verify_request(csr(new_key(), x509.Name([]))), ENTITLEMENT)
    assert refusal.value.rule is SUBJECT


@pytest.mark.clause("RFC 7030 §3.7")
@pytest.mark.parametrize(
    "name",
    [
        x509.DNSName("other-partner.example"),
        x509.DNSName("*.partner.example"),
        x509.DNSName("a.partner.example"),
        x509.DNSName(PARTNER_URI),
        x509.UniformResourceIdentifier("urn:example:Partner"),
        x509.UniformResourceIdentifier(PARTNER_DNS),
        x509.RFC822Name(PARTNER_DNS),
        x509.DirectoryName(x509.Name.from_rfc4514_string(PARTNER)),
    ],
)
def test_another_alternative_name_is_refused_beside_an_allowed_one(name: x509.GeneralName) -> None:
    with pytest.raises(EnrolmentRefused) as refusal:
        check_alternative_names(asking(PARTNER, x509.DNSName(PARTNER_DNS), name), ENTITLEMENT)
    assert refusal.value.rule is ALTERNATIVE_NAME
    assert len(refusal.value.detail["presented"]) == 1


def test_a_server_has_to_ask_for_a_dns_name() -> None:
    with pytest.raises(EnrolmentRefused) as refusal:
        check_server_name(asking(), SERVER)
    assert refusal.value.rule is SERVER_NAME
    check_server_name(asking(PARTNER, x509.DNSName(PARTNER_DNS)), SERVER)
