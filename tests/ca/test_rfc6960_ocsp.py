"""OCSP: RFC 6960 with the nonce of RFC 9654, and caches as in RFC 9919."""

import base64
import hashlib
import shutil
from collections.abc import Callable
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from cryptography.x509.ocsp import OCSPCertStatus, OCSPResponseStatus
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from ca.authority.hierarchy import Hierarchy, create_hierarchy
from ca.authority.profiles import CLIENT
from ca.register.models import IssuedCertificate
from ca.status import views
from ca.status.requests import LARGEST_REQUEST_BYTES
from tests.ca.asking import DER, NONCE, SHA1, Asker, believed, nonce_of, ocsp_request, read
from tests.ca.material import MovedClock, new_key
from tests.trail import Trail

# The certificate was issued over the other surface, before this one takes its place.
pytestmark = pytest.mark.usefixtures("responders")

HASHES = [SHA1, hashes.SHA256(), hashes.SHA384(), hashes.SHA512()]


@pytest.fixture
def issuing(hierarchy: Hierarchy) -> x509.Certificate:
    return hierarchy.issuing.certificate


@pytest.fixture
def asker(client: Client, certificate: x509.Certificate, settings: Settings) -> Asker:  # noqa: ARG001 - see above
    settings.ROOT_URLCONF = "ca.public_urls"
    return Asker(client)


def revoke(certificate: x509.Certificate, clock: MovedClock, reason: str = "keyCompromise") -> None:
    IssuedCertificate.objects.filter(serial=f"{certificate.serial_number:x}").update(
        revoked_at=clock.now, revocation_reason=reason
    )


@pytest.mark.clause("RFC 6960 §4.1.1")
@pytest.mark.parametrize("algorithm", HASHES, ids=lambda each: each.name)
def test_a_certificate_is_identified_by_any_common_hash(
    asker: Asker,
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    algorithm: hashes.HashAlgorithm,
    clock: MovedClock,
) -> None:
    answer = believed(asker.post(ocsp_request(certificate, issuing, algorithm=algorithm)), issuing)
    assert answer.certificate_status is OCSPCertStatus.GOOD
    assert answer.serial_number == certificate.serial_number
    assert isinstance(answer.hash_algorithm, type(algorithm))
    assert answer.this_update_utc == clock.now
    assert answer.next_update_utc == clock.now + timedelta(seconds=60)


@pytest.mark.clause("RFC 6960 §4.2.2.2")
def test_each_authority_answers_for_its_own_by_its_own_responder(
    asker: Asker, hierarchy: Hierarchy, certificate: x509.Certificate
) -> None:
    root, issuing = hierarchy.root.certificate, hierarchy.issuing.certificate
    for asked, issuer in ((certificate, issuing), (issuing, root), (root, root)):
        assert asker.status(asked, issuer) is OCSPCertStatus.GOOD


@pytest.mark.clause("RFC 6960 §2.2")
def test_a_revoked_certificate_is_revoked_at_once_with_time_and_reason(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate, clock: MovedClock
) -> None:
    request = ocsp_request(certificate, issuing, nonce=None)
    assert believed(asker.get(request), issuing).certificate_status is OCSPCertStatus.GOOD
    revoke(certificate, clock)
    for answer in (believed(asker.get(request), issuing), believed(asker.post(request), issuing)):
        assert answer.certificate_status is OCSPCertStatus.REVOKED
        assert answer.revocation_time_utc == clock.now
        assert answer.revocation_reason is x509.ReasonFlags.key_compromise
    revoke(certificate, clock, "unspecified")
    assert believed(asker.post(request), issuing).revocation_reason is None


@pytest.mark.clause("RFC 6960 §2.2")
def test_a_serial_number_that_was_never_issued_is_unknown(
    asker: Asker, hierarchy: Hierarchy, issuing: x509.Certificate, clock: MovedClock
) -> None:
    unrecorded = hierarchy.issuing.issue(
        CLIENT,
        new_key().public_key(),
        x509.Name.from_rfc4514_string("CN=a"),
        [],
        timedelta(days=1),
        clock.now,
    )
    assert asker.status(unrecorded, issuing) is OCSPCertStatus.UNKNOWN


@pytest.mark.clause("RFC 6960 §4.1.1")
def test_status_is_of_issuer_and_serial_together(
    asker: Asker, hierarchy: Hierarchy, certificate: x509.Certificate, clock: MovedClock
) -> None:
    """The serial of a certificate of the issuing authority is unknown to the root."""
    revoke(certificate, clock)
    by_root = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        *_hashes_of(hierarchy.root.certificate), certificate.serial_number, SHA1
    )
    answer = believed(asker.post(by_root.build().public_bytes(DER)), hierarchy.root.certificate)
    assert answer.certificate_status is OCSPCertStatus.UNKNOWN
    assert asker.status(certificate, hierarchy.issuing.certificate) is OCSPCertStatus.REVOKED


def _hashes_of(authority: x509.Certificate) -> tuple[bytes, bytes]:
    """RFC 6960 §4.1.1, in SHA-1; RFC 5280 §4.2.1.2 makes the key identifier in the same way."""
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    return hashlib.sha1(authority.subject.public_bytes(), usedforsecurity=False).digest(), identifier


@pytest.mark.clause("RFC 5280 §4.1.2.2")
@pytest.mark.parametrize(
    ("serial", "status"),
    [
        (b"\x02\x01\x00", OCSPResponseStatus.SUCCESSFUL),
        (b"\x02\x32" + b"\x7f" * 50, OCSPResponseStatus.SUCCESSFUL),
        (b"\x02\x01\xfb", OCSPResponseStatus.MALFORMED_REQUEST),
    ],
)
def test_a_number_that_is_no_serial_is_unknown_and_a_negative_one_malformed(
    asker: Asker, issuing: x509.Certificate, trail: Trail, serial: bytes, status: OCSPResponseStatus
) -> None:
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(*_hashes_of(issuing), 5, SHA1)
    plain = builder.build().public_bytes(DER)
    # Out of the five sequences around it, and into them again.
    request = plain[10:].removesuffix(b"\x02\x01\x05") + serial
    for _ in range(5):
        request = _sequence(request)
    response = asker.post(request)
    assert read(response).response_status is status
    if status is OCSPResponseStatus.SUCCESSFUL:
        assert believed(response, issuing).certificate_status is OCSPCertStatus.UNKNOWN
    else:
        assert trail.last()["rule"] == "ocsp.serial"


@pytest.mark.clause("RFC 9919 §3.2.3")
@pytest.mark.parametrize("wrong", ["name", "key", "both"])
def test_for_another_authority_there_is_no_answer(
    asker: Asker,
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    clock: MovedClock,
    trail: Trail,
    wrong: str,
) -> None:
    """Another authority may have the same name, as anybody can make one: the key tells them apart."""
    other = create_hierarchy(clock.now).issuing.certificate
    assert other.subject == issuing.subject
    name, key = _hashes_of(issuing)
    foreign_name = hashlib.sha1(b"another name", usedforsecurity=False).digest()
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        foreign_name if wrong != "key" else name,
        _hashes_of(other)[1] if wrong != "name" else key,
        certificate.serial_number,
        SHA1,
    )
    answer = read(asker.post(builder.build().public_bytes(DER)))
    assert answer.response_status is OCSPResponseStatus.UNAUTHORIZED
    assert trail.last()["rule"] == "ocsp.issuer"
    assert asker.status(certificate, issuing) is OCSPCertStatus.GOOD


@pytest.mark.clause("RFC 9654 §2.1")
@pytest.mark.parametrize("length", [1, 16, 32, 128])
def test_a_nonce_comes_back_under_a_signature_of_its_own(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate, length: int
) -> None:
    nonce = bytes(range(length))
    request = ocsp_request(certificate, issuing, nonce=nonce)
    one, two = (believed(asker.post(request), issuing) for _ in range(2))
    assert nonce_of(one) == nonce_of(two) == nonce
    assert one.signature != two.signature


@pytest.mark.clause("RFC 9654 §2.1")
@pytest.mark.parametrize("length", [0, 129, 500])
def test_a_nonce_that_is_empty_or_too_long_is_malformed(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate, trail: Trail, length: int
) -> None:
    response = asker.post(ocsp_request(certificate, issuing, nonce=bytes(length)))
    assert read(response).response_status is OCSPResponseStatus.MALFORMED_REQUEST
    assert trail.last()["rule"] == "ocsp.nonce"


def test_an_answer_without_a_nonce_is_given_again_for_half_of_its_time(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate, clock: MovedClock
) -> None:
    request = ocsp_request(certificate, issuing, nonce=None)
    first = asker.get(request).content
    assert nonce_of(believed(asker.post(request), issuing)) is None
    clock.move(seconds=29)
    assert asker.get(request).content == asker.post(request).content == first
    clock.move(seconds=1)
    later = asker.get(request)
    assert later.content != first
    assert believed(later, issuing).this_update_utc == clock.now


@pytest.mark.clause("RFC 9919 §7.2")
def test_a_cache_is_told_until_when_an_answer_may_be_kept(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate, clock: MovedClock
) -> None:
    request = ocsp_request(certificate, issuing, nonce=None)
    asker.get(request)
    clock.move(seconds=10)
    response = asker.get(request)
    assert response.headers["Cache-Control"] == "max-age=20, public, no-transform, must-revalidate"
    assert response.headers["ETag"] == f'"{hashlib.sha256(response.content).hexdigest()}"'
    answer = believed(response, issuing)
    assert parsedate_to_datetime(response.headers["Last-Modified"]) == answer.this_update_utc
    assert parsedate_to_datetime(response.headers["Expires"]) == clock.now + timedelta(seconds=20)
    with_nonce = asker.get(ocsp_request(certificate, issuing))
    assert with_nonce.headers["Cache-Control"].startswith("max-age=0, ")


@pytest.mark.clause("RFC 6960 Appendix A.1")
def test_the_path_may_hold_its_base64_encoded_or_as_it_is(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate
) -> None:
    for attempt in range(100):  # until its base64 has the characters that URLs treat in their own way
        request = ocsp_request(certificate, issuing, nonce=attempt.to_bytes(32))
        nonced = ocsp_request(certificate, issuing, nonce=hashlib.sha256(request).digest())
        encoded = base64.b64encode(nonced).decode()
        if "/" in encoded and "+" in encoded:
            break
    response = asker.client.get(f"/ocsp/{encoded}")
    assert believed(response, issuing).certificate_status is OCSPCertStatus.GOOD  # type: ignore[arg-type]  # the test client's own type
    believed(asker.get(nonced), issuing)
    assert asker.client.head(f"/ocsp/{encoded}").status_code == 200


GOOD_REQUEST = ocsp.OCSPRequestBuilder().add_certificate_by_hash(b"n" * 20, b"k" * 20, 5, SHA1)


def _with(extension: x509.ExtensionType, *, critical: bool) -> bytes:
    return GOOD_REQUEST.add_extension(extension, critical=critical).build().public_bytes(DER)


UNKNOWN_EXTENSION = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
PLAIN = GOOD_REQUEST.build().public_bytes(DER)
MALFORMED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "ocsp.size"),
    "too large": (b"\x30" * (LARGEST_REQUEST_BYTES + 1), "ocsp.size"),
    "not DER": (b"hello", "ocsp.syntax"),
    "half": (PLAIN[: len(PLAIN) // 2], "ocsp.syntax"),
    "with more behind it": (PLAIN + b"\0", "ocsp.syntax"),
    "an empty sequence": (b"\x30\x00", "ocsp.syntax"),
    "an unknown hash": (PLAIN.replace(b"\x2b\x0e\x03\x02\x1a", b"\x2b\x0e\x03\x02\x1b"), "ocsp.hash"),
    "MD5": (
        # 06 05 2b0e03021a becomes 06 08 2a864886f70d0205, three longer, and so every length around it
        bytes.fromhex("304530433041303f303d300c06082a864886f70d020505000414") + b"n" * 20
        + b"\x04\x14" + b"k" * 20 + b"\x02\x01\x05",
        "ocsp.hash",
    ),
    "a critical extension": (_with(UNKNOWN_EXTENSION, critical=True), "ocsp.extension"),
}  # fmt: skip


@pytest.mark.clause("RFC 6960 §2.3")
@pytest.mark.parametrize("name", MALFORMED)
def test_what_cannot_be_read_is_malformed_by_either_method(asker: Asker, trail: Trail, name: str) -> None:
    der, rule = MALFORMED[name]
    ways: list[Callable[[], object]] = [lambda: read(asker.post(der)).response_status]
    if der:  # an empty path is another address
        ways.append(lambda: read(asker.get(der)).response_status)
    for ask in ways:
        assert ask() is OCSPResponseStatus.MALFORMED_REQUEST
        assert (trail.last()["rule"], trail.last()["outcome"]) == (rule, "refused")


def test_an_extension_that_is_not_critical_is_ignored(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate
) -> None:
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuing, SHA1)
    request = builder.add_extension(UNKNOWN_EXTENSION, critical=False).build().public_bytes(DER)
    assert believed(asker.post(request), issuing).certificate_status is OCSPCertStatus.GOOD


@pytest.mark.clause("RFC 9919 §3.1.1")
def test_several_questions_in_one_request_are_refused(asker: Asker, trail: Trail) -> None:
    # OCSPRequest, TBSRequest and requestList are sequences with nothing else in them.
    request = _sequence(_sequence(_sequence(_single_request() * 2)))
    assert read(asker.post(request)).response_status is OCSPResponseStatus.MALFORMED_REQUEST
    assert trail.last()["rule"] == "ocsp.single"


def _sequence(content: bytes) -> bytes:
    length = bytes([len(content)]) if len(content) < 128 else b"\x81" + bytes([len(content)])
    return b"\x30" + length + content


def _single_request() -> bytes:
    """The one ``Request`` of the plain message: behind the headers of the three sequences around it."""
    return PLAIN[6:]


@pytest.mark.clause("RFC 6960 Appendix A.1")
@pytest.mark.parametrize("content_type", ["application/json", "application/octet-stream", "text/plain"])
def test_a_body_of_another_type_is_not_read(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate, trail: Trail, content_type: str
) -> None:
    response = asker.post(ocsp_request(certificate, issuing), content_type)
    assert response.status_code == 415
    assert read(response).response_status is OCSPResponseStatus.MALFORMED_REQUEST
    assert response.headers["Cache-Control"] == "no-store"
    assert trail.last()["rule"] == "ocsp.media-type"
    parameter = asker.post(ocsp_request(certificate, issuing), "application/ocsp-request; v=1")
    assert believed(parameter, issuing)


@pytest.mark.parametrize("path", ["%00", "===", "a", "ü", "%ff%fe", "-_-_"])
def test_a_path_that_is_not_base64_is_malformed(asker: Asker, path: str, trail: Trail) -> None:
    response = asker.client.get(f"/ocsp/{path}")
    assert read(response).response_status is OCSPResponseStatus.MALFORMED_REQUEST  # type: ignore[arg-type]  # the test client's own type
    assert trail.last()["rule"] in {"ocsp.encoding", "ocsp.size", "ocsp.syntax"}


@pytest.mark.parametrize(
    ("method", "path", "allow"), [("GET", "/ocsp", "POST"), ("POST", "/ocsp/x", "GET, HEAD")]
)
def test_another_method_is_told_which_one_is_there(asker: Asker, method: str, path: str, allow: str) -> None:
    response = asker.client.generic(method, path)
    assert (response.status_code, response.headers["Allow"]) == (405, allow)


@pytest.mark.clause("RFC 6960 §2.3")
def test_with_a_responder_that_has_expired_or_is_not_there_it_is_later(
    asker: Asker,
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    hierarchy: Hierarchy,
    clock: MovedClock,
    trail: Trail,
) -> None:
    request = ocsp_request(certificate, issuing)
    clock.move(hours=71, minutes=59, seconds=50)
    answer = believed(asker.post(request), issuing)
    assert answer.next_update_utc == answer.certificates[0].not_valid_after_utc
    clock.move(seconds=20)
    for der in (request, ocsp_request(certificate, issuing, nonce=None)):
        response = asker.post(der)
        assert read(response).response_status is OCSPResponseStatus.TRY_LATER
        assert trail.last()["rule"] == "ocsp.responder"
    # The root's, which lives for longer, goes on.
    assert asker.status(issuing, hierarchy.root.certificate) is OCSPCertStatus.GOOD


def test_without_responders_it_is_later(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate, settings: Settings, trail: Trail
) -> None:
    for declared in settings.CERTIFICATE_STORES.values():
        shutil.rmtree(declared.path, ignore_errors=True)
    views._responder.cache_clear()
    response = asker.post(ocsp_request(certificate, issuing))
    assert read(response).response_status is OCSPResponseStatus.TRY_LATER
    assert trail.last()["rule"] == "ocsp.responder"


def test_with_the_register_or_the_authority_away_it_is_later(
    asker: Asker,
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    trail: Trail,
) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(views, "status_of", locked)
        response = asker.post(ocsp_request(certificate, issuing))
        assert read(response).response_status is OCSPResponseStatus.TRY_LATER
        assert trail.last()["rule"] == "service.database"
    settings.KEYS_DIR = settings.KEYS_DIR / "none"
    response = asker.post(ocsp_request(certificate, issuing))
    assert read(response).response_status is OCSPResponseStatus.TRY_LATER
    assert trail.last()["rule"] == "service.authority"


def test_an_answer_of_before_says_nothing_to_another_nonce(
    asker: Asker, certificate: x509.Certificate, issuing: x509.Certificate
) -> None:
    old = believed(asker.post(ocsp_request(certificate, issuing, nonce=NONCE)), issuing)
    fresh = believed(asker.post(ocsp_request(certificate, issuing, nonce=b"another nonce")), issuing)
    assert nonce_of(old) != nonce_of(fresh) == b"another nonce"


def test_a_new_certificate_of_the_responder_is_taken_without_a_restart(
    asker: Asker,
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    clock: MovedClock,
    ensure_responders: Callable[[], None],
) -> None:
    request = ocsp_request(certificate, issuing)
    (before,) = believed(asker.post(request), issuing).certificates
    clock.move(hours=60)
    ensure_responders()
    (after,) = believed(asker.post(request), issuing).certificates
    assert before.public_key() != after.public_key()


@pytest.mark.parametrize("restarted", [False, True])
def test_with_a_broken_generation_the_last_good_responder_goes_on(
    asker: Asker,
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    settings: Settings,
    clock: MovedClock,
    ensure_responders: Callable[[], None],
    restarted: bool,
) -> None:
    request = ocsp_request(certificate, issuing)
    (before,) = believed(asker.post(request), issuing).certificates
    clock.move(hours=60)
    ensure_responders()
    store = settings.CERTIFICATE_STORES["ocsp-issuing"].store
    store.current().private_key_path.write_bytes(b"half of a k")
    if restarted:
        views._responder.cache_clear()
    (after,) = believed(asker.post(request), issuing).certificates
    assert after == before
