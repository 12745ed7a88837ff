"""The hierarchy and its profiles: RFC 5280, and the strict verifiers of those who read its certificates."""

import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from ca.authority.directory import AuthorityDirectory, AuthorityExists, NoAuthority, pem_of
from ca.authority.founding import ForeignTrustBundle, found
from ca.authority.hierarchy import (
    ISSUING,
    ISSUING_LIFETIME,
    LONGEST_LIFETIME,
    AuthorityExpired,
    Hierarchy,
    create_hierarchy,
)
from ca.authority.identity import identity_of, issuer_identity
from ca.authority.profiles import CLIENT, RESPONDER, SERVER, Profile, StatusPointers
from sender_constraint.certificates.csr import private_key_pem
from tests.ca.material import new_key

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = x509.Name.from_rfc4514_string("CN=partner,O=Partner Ltd,C=GB")
LOCALHOST = [x509.DNSName("localhost")]
PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def scheme() -> Hierarchy:
    return create_hierarchy(NOW)


def issue(
    scheme: Hierarchy,
    profile: Profile = CLIENT,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    lifetime: timedelta = DAY,
    now: datetime = NOW,
) -> x509.Certificate:
    public_key = (key or new_key()).public_key()
    return scheme.issuing.issue(profile, public_key, NAME, LOCALHOST, lifetime, now)


@pytest.mark.clause("RFC 5280 §4.2.1")
@pytest.mark.parametrize(
    ("profile", "purpose"),
    [(CLIENT, ExtendedKeyUsageOID.CLIENT_AUTH), (SERVER, ExtendedKeyUsageOID.SERVER_AUTH)],
)
def test_a_certificate_says_what_its_profile_spells_out_and_nothing_else(
    scheme: Hierarchy, profile: Profile, purpose: x509.ObjectIdentifier
) -> None:
    certificate = issue(scheme, profile)
    extensions = {type(each.value): each for each in certificate.extensions}
    assert {kind.__name__: each.critical for kind, each in extensions.items()} == {
        "BasicConstraints": True,
        "KeyUsage": True,
        "ExtendedKeyUsage": False,
        "SubjectKeyIdentifier": False,
        "AuthorityKeyIdentifier": False,
        "SubjectAlternativeName": False,
    }
    assert extensions[x509.BasicConstraints].value == x509.BasicConstraints(ca=False, path_length=None)
    assert list(extensions[x509.ExtendedKeyUsage].value) == [purpose]
    usage = extensions[x509.KeyUsage].value
    assert usage.digital_signature
    assert not any((usage.key_cert_sign, usage.crl_sign, usage.key_encipherment, usage.key_agreement))
    issuer_key = scheme.issuing.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    assert extensions[x509.AuthorityKeyIdentifier].value.key_identifier == issuer_key.value.digest
    assert list(extensions[x509.SubjectAlternativeName].value) == LOCALHOST


@pytest.mark.clause("RFC 5280 §4.2.1.13")
@pytest.mark.clause("RFC 5280 §4.2.2.1")
def test_a_certificate_leads_to_its_status_and_to_its_issuer(scheme: Hierarchy) -> None:
    pointers = StatusPointers.at("http://ca.example:8480", ISSUING)
    certificate = scheme.issuing.issue(CLIENT, new_key().public_key(), NAME, [], DAY, NOW, pointers)
    assert pointers_in(certificate) == [
        "http://ca.example:8480/ocsp",
        "http://ca.example:8480/issuing.der",
        "http://ca.example:8480/issuing.crl",
    ]
    own = create_hierarchy(NOW, "http://ca.example:8480")
    assert pointers_in(own.issuing.certificate) == [
        "http://ca.example:8480/ocsp",
        "http://ca.example:8480/root.der",
        "http://ca.example:8480/root.crl",
    ]
    assert not {x509.AuthorityInformationAccess, x509.CRLDistributionPoints} & {
        type(each.value) for each in own.root.certificate.extensions
    }


def pointers_in(certificate: x509.Certificate) -> list[str]:
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    assert not access.critical
    assert not points.critical
    (point,) = points.value
    assert point.full_name is not None
    methods = [AuthorityInformationAccessOID.OCSP, AuthorityInformationAccessOID.CA_ISSUERS]
    assert [each.access_method for each in access.value] == methods
    return [each.access_location.value for each in access.value] + [each.value for each in point.full_name]


@pytest.mark.clause("RFC 6960 §4.2.2.2")
def test_a_responder_may_sign_status_and_nothing_else_and_is_not_asked_about(scheme: Hierarchy) -> None:
    pointers = StatusPointers.at("http://ca.example:8480", ISSUING)
    certificate = scheme.root.issue(RESPONDER, new_key().public_key(), NAME, [], DAY, NOW, pointers)
    extensions = {type(each.value): each.value for each in certificate.extensions}
    assert list(extensions[x509.ExtendedKeyUsage]) == [ExtendedKeyUsageOID.OCSP_SIGNING]
    assert x509.OCSPNoCheck in extensions
    assert not {x509.AuthorityInformationAccess, x509.CRLDistributionPoints} & extensions.keys()


@pytest.mark.clause("RFC 5280 §4.2.1.1")
def test_an_issuer_is_known_by_its_name_and_its_key_together(scheme: Hierarchy) -> None:
    """Two authorities of one name are two; so are two names of one key."""
    other = create_hierarchy(NOW)
    assert other.issuing.certificate.subject == scheme.issuing.certificate.subject
    assert identity_of(other.issuing.certificate) != identity_of(scheme.issuing.certificate)
    assert issuer_identity(issue(scheme)) == identity_of(scheme.issuing.certificate)
    assert issuer_identity(scheme.issuing.certificate) == identity_of(scheme.root.certificate)
    assert issuer_identity(scheme.root.certificate) == identity_of(scheme.root.certificate)


@pytest.mark.clause("RFC 5280 §4.2.1.6")
def test_the_alternative_name_is_critical_where_it_is_the_only_name(scheme: Hierarchy) -> None:
    certificate = scheme.issuing.issue(CLIENT, new_key().public_key(), x509.Name([]), LOCALHOST, DAY, NOW)
    assert certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


@pytest.mark.clause("RFC 5280 §4.1.2.6")
def test_a_certificate_that_names_nobody_is_not_made(scheme: Hierarchy) -> None:
    scheme.issuing.issue(CLIENT, new_key().public_key(), NAME, [], DAY, NOW)
    with pytest.raises(ValueError, match="needs a subject"):
        scheme.issuing.issue(CLIENT, new_key().public_key(), x509.Name([]), [], DAY, NOW)


def test_a_server_without_a_dns_name_is_not_certified(scheme: Hierarchy) -> None:
    with pytest.raises(ValueError, match="needs a DNS name"):
        scheme.issuing.issue(SERVER, new_key().public_key(), NAME, [], DAY, NOW)


@pytest.mark.clause("RFC 5280 §4.2.1.9")
def test_root_and_issuing_authority_may_certify_just_as_far_as_they_need(scheme: Hierarchy) -> None:
    lengths = []
    for authority in (scheme.root, scheme.issuing):
        constraints = authority.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        usage = authority.certificate.extensions.get_extension_for_class(x509.KeyUsage)
        assert constraints.critical
        assert constraints.value.ca
        assert usage.critical
        assert usage.value.key_cert_sign
        assert not usage.value.digital_signature
        lengths.append(constraints.value.path_length)
    assert lengths == [1, 0]


def test_the_lifetime_counts_from_issue_and_the_start_is_a_minute_back(scheme: Hierarchy) -> None:
    certificate = issue(scheme, lifetime=timedelta(seconds=60), now=NOW + timedelta(milliseconds=400))
    assert certificate.not_valid_before_utc == NOW - timedelta(seconds=60)
    assert certificate.not_valid_after_utc == NOW + timedelta(seconds=60)


def test_no_certificate_is_valid_for_more_than_398_days(scheme: Hierarchy) -> None:
    longest = issue(scheme, lifetime=LONGEST_LIFETIME)
    # RFC 5280 §4.1.2.5: both ends are included.
    validity = longest.not_valid_after_utc - longest.not_valid_before_utc + timedelta(seconds=1)
    assert validity == timedelta(days=398)
    for lifetime in (LONGEST_LIFETIME + timedelta(seconds=1), timedelta(0)):
        with pytest.raises(ValueError, match="lifetime"):
            issue(scheme, lifetime=lifetime)


def test_no_certificate_outlives_its_authority(scheme: Hierarchy) -> None:
    end = scheme.issuing.certificate.not_valid_after_utc
    assert end == NOW + ISSUING_LIFETIME
    assert issue(scheme, now=end - timedelta(hours=1)).not_valid_after_utc == end
    with pytest.raises(AuthorityExpired):
        issue(scheme, now=end)


def test_serial_numbers_are_random_and_positive(scheme: Hierarchy) -> None:
    serials = [issue(scheme).serial_number for _ in range(50)]
    assert len(set(serials)) == 50
    assert all(0 < serial < 2**159 for serial in serials)
    assert max(serials) > 2**150


@pytest.mark.parametrize(("profile", "purpose"), [(CLIENT, "sslclient"), (SERVER, "sslserver")])
def test_openssl_verifies_strictly(profile: Profile, purpose: str, tmp_path: Path) -> None:
    scheme = create_hierarchy(datetime.now(UTC))
    leaf = issue(scheme, profile, now=datetime.now(UTC))
    for name, certificate in (
        ("root", scheme.root.certificate),
        ("issuing", scheme.issuing.certificate),
        ("leaf", leaf),
    ):
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(PEM))
    files = ["-CAfile", "root.pem", "-untrusted", "issuing.pem", "leaf.pem"]
    verified = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-check_ss_sig", "-purpose", purpose, *files],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert verified.returncode == 0, verified.stderr


def test_a_handshake_verifies_strictly_on_both_sides(tmp_path: Path) -> None:
    """With the flags that Python 3.13 sets by default."""
    scheme = create_hierarchy(datetime.now(UTC))
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(pem_of((scheme.root.certificate, scheme.issuing.certificate)))
    contexts = []
    for profile, protocol in ((CLIENT, ssl.PROTOCOL_TLS_CLIENT), (SERVER, ssl.PROTOCOL_TLS_SERVER)):
        key = new_key()
        chain = (issue(scheme, profile, key=key, now=datetime.now(UTC)), scheme.issuing.certificate)
        own = tmp_path / f"{profile.name}.pem"
        own.write_bytes(private_key_pem(key) + pem_of(chain))
        context = ssl.SSLContext(protocol)
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(bundle)
        context.load_cert_chain(own)
        contexts.append(context)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = contexts[0].wrap_bio(to_client, to_server, server_hostname="localhost")
    server = contexts[1].wrap_bio(to_server, to_client, server_side=True)
    pending = [client, server]
    for _ in range(5):
        for side in list(pending):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            pending.remove(side)
    assert not pending
    assert server.getpeercert() is not None


def test_the_verifier_of_cryptography_builds_the_chain(scheme: Hierarchy) -> None:
    policy = PolicyBuilder().store(Store([scheme.root.certificate])).time(NOW)
    policy.build_client_verifier().verify(issue(scheme), [scheme.issuing.certificate])
    server = policy.build_server_verifier(x509.DNSName("localhost"))
    server.verify(issue(scheme, SERVER), [scheme.issuing.certificate])


def test_keys_are_private_and_never_overwritten(tmp_path: Path) -> None:
    directory, bundle = AuthorityDirectory(tmp_path / "keys"), tmp_path / "public" / "trust-bundle.pem"
    assert found(directory, bundle, lambda: NOW)
    assert {path.stat().st_mode & 0o777 for path in directory.private_key_paths()} == {0o600}
    assert directory.path.stat().st_mode & 0o777 == 0o700
    before = [path.read_bytes() for path in directory.private_key_paths()]
    assert bundle.read_bytes() == pem_of(directory.certificates())

    assert not found(directory, bundle, lambda: NOW)
    with pytest.raises(AuthorityExists):
        directory.publish(create_hierarchy(NOW))
    assert [path.read_bytes() for path in directory.private_key_paths()] == before
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["authority"]


def test_a_lost_trust_bundle_is_written_again(tmp_path: Path) -> None:
    directory, bundle = AuthorityDirectory(tmp_path / "keys"), tmp_path / "trust-bundle.pem"
    found(directory, bundle, lambda: NOW)
    content = bundle.read_bytes()
    bundle.unlink()
    assert not found(directory, bundle, lambda: NOW)
    assert bundle.read_bytes() == content


def test_the_trust_bundle_of_another_authority_stays(tmp_path: Path) -> None:
    bundle = tmp_path / "trust-bundle.pem"
    found(AuthorityDirectory(tmp_path / "first"), bundle, lambda: NOW)
    content = bundle.read_bytes()
    other = AuthorityDirectory(tmp_path / "second")
    with pytest.raises(ForeignTrustBundle, match="restore the authority"):
        found(other, bundle, lambda: NOW)
    other.publish(create_hierarchy(NOW))
    with pytest.raises(ForeignTrustBundle, match="does not hold"):
        found(other, bundle, lambda: NOW)
    assert bundle.read_bytes() == content


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    directory = AuthorityDirectory(tmp_path)
    with pytest.raises(NoAuthority, match=r"manage ca init"):
        directory.load()
    directory.publish(create_hierarchy(NOW))
    directory.load()
    for path in directory.private_key_paths():
        path.chmod(0o644)
    with pytest.raises(NoAuthority, match="chmod 600"):
        directory.load_issuing()


def test_a_key_beside_another_certificate_is_not_used(tmp_path: Path) -> None:
    directory = AuthorityDirectory(tmp_path)
    directory.publish(create_hierarchy(NOW))
    (directory.path / "issuing-private-key.pem").write_bytes(private_key_pem(new_key()))
    with pytest.raises(NoAuthority, match="do not match"):
        directory.load_issuing()
