"""Revocation lists: RFC 5280 §5, and when an entry may leave them (§3.3)."""

from datetime import timedelta

import pytest
from cryptography import x509
from django.db import IntegrityError
from django.test import Client
from pytest_django import Settings

from ca.authority.hierarchy import ISSUING, ROOT, Hierarchy
from ca.authority.identity import identity_of
from ca.register.models import IssuedCertificate, serial_text
from ca.status import lists
from ca.status.authorities import status_authority
from ca.status.lists import latest_list, list_is_due, publish_list, publish_list_if_due
from ca.status.models import RevocationList
from ca.status.revoking import revoke
from tests.ca.material import MovedClock
from tests.trail import Trail

pytestmark = pytest.mark.usefixtures("db", "hierarchy")


@pytest.fixture
def record(certificate: x509.Certificate) -> IssuedCertificate:
    return IssuedCertificate.objects.get(serial=serial_text(certificate))


def latest(name: str = ISSUING) -> x509.CertificateRevocationList:
    published = RevocationList.objects.get(issuer=status_authority(name).identity)
    return x509.load_der_x509_crl(bytes(published.der))


def number_of(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def serials(crl: x509.CertificateRevocationList) -> set[int]:
    return {entry.serial_number for entry in crl}


@pytest.mark.clause("RFC 5280 §5.2")
def test_a_list_is_signed_numbered_and_says_when_the_next_one_comes(
    hierarchy: Hierarchy, clock: MovedClock, settings: Settings
) -> None:
    for name, authority in ((ISSUING, hierarchy.issuing.certificate), (ROOT, hierarchy.root.certificate)):
        publish_list(status_authority(name), clock.now)
        crl = latest(name)
        key = authority.public_key()
        assert crl.is_signature_valid(key)  # type: ignore[arg-type]  # an EC key
        assert crl.issuer == authority.subject
        assert crl.last_update_utc == clock.now
        identifier = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
        own = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        assert identifier.key_identifier == own.digest
        assert number_of(crl) == 1
        assert not list(crl)
    assert latest(ISSUING).next_update_utc == clock.now + timedelta(seconds=settings.CRL_LIFETIME_SECONDS)
    assert latest(ROOT).next_update_utc == clock.now + timedelta(days=30)


@pytest.mark.clause("RFC 5280 §5.3.1")
@pytest.mark.parametrize("reason", list(x509.ReasonFlags))
def test_an_entry_has_its_time_and_its_reason(
    record: IssuedCertificate, clock: MovedClock, reason: x509.ReasonFlags
) -> None:
    if reason in (x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl):
        return  # neither can be given: see the tests of the command
    revoke(record, reason, clock.now)
    publish_list(status_authority(ISSUING), clock.now)
    (entry,) = latest()
    assert entry.serial_number == int(record.serial, 16)
    assert entry.revocation_date_utc == clock.now
    if reason is x509.ReasonFlags.unspecified:
        assert not list(entry.extensions)
    else:
        assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason is reason


def test_a_list_holds_what_its_own_authority_issued(record: IssuedCertificate, clock: MovedClock) -> None:
    revoke(record, x509.ReasonFlags.unspecified, clock.now)
    for name in (ROOT, ISSUING):
        publish_list(status_authority(name), clock.now)
    assert serials(latest(ROOT)) == set()
    assert serials(latest(ISSUING)) == {int(record.serial, 16)}


@pytest.mark.clause("RFC 5280 §5.1.2.5")
def test_a_list_is_due_on_schedule_and_with_each_revocation(
    record: IssuedCertificate, clock: MovedClock
) -> None:
    authority = status_authority(ISSUING)
    assert publish_list_if_due(authority, clock.now) is not None
    assert publish_list_if_due(authority, clock.now) is None
    clock.move(minutes=59)
    assert not list_is_due(authority, clock.now)
    revoke(record, x509.ReasonFlags.unspecified, clock.now)
    assert publish_list_if_due(authority, clock.now) is not None
    assert not list_is_due(authority, clock.now)
    clock.move(minutes=1)  # an hour after the last on schedule: what a revocation brought does not count
    assert publish_list_if_due(authority, clock.now) is not None
    assert number_of(latest()) == 3
    clock.move(minutes=59)
    assert not list_is_due(authority, clock.now)


@pytest.mark.clause("RFC 5280 §3.3")
def test_an_expired_certificate_leaves_the_list_after_one_scheduled_list_beyond_its_end(
    record: IssuedCertificate, clock: MovedClock
) -> None:
    authority, serial = status_authority(ISSUING), int(record.serial, 16)
    publish_list(authority, clock.now)
    revoke(record, x509.ReasonFlags.unspecified, clock.now)
    clock.now = record.not_after - timedelta(seconds=1)
    publish_list(authority, clock.now)
    assert serials(latest()) == {serial}
    clock.move(minutes=30)  # it has expired; this list is not one on schedule
    publish_list(authority, clock.now)
    assert serials(latest()) == {serial}
    clock.move(hours=1)
    publish_list(authority, clock.now)
    assert serials(latest()) == {serial}
    publish_list(authority, clock.now)
    assert serials(latest()) == set()


@pytest.mark.clause("RFC 5280 §3.3")
def test_what_is_revoked_after_its_end_stands_in_a_list_too(
    record: IssuedCertificate, clock: MovedClock
) -> None:
    authority = status_authority(ISSUING)
    publish_list(authority, clock.now)
    clock.move(days=3)
    publish_list(authority, clock.now)
    revoke(record, x509.ReasonFlags.key_compromise, clock.now)
    assert list_is_due(authority, clock.now)
    publish_list(authority, clock.now)
    assert serials(latest()) == {int(record.serial, 16)}


@pytest.mark.clause("RFC 5280 §5.2.3")
def test_whoever_finds_a_number_taken_begins_again_and_knows_no_less(
    record: IssuedCertificate, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our look at the latest list and our own list, another process revokes and publishes."""
    authority = status_authority(ISSUING)
    stale = publish_list(authority, clock.now)
    revoke(record, x509.ReasonFlags.unspecified, clock.now)
    assert publish_list(authority, clock.now).number == 2
    looks = iter([stale])
    monkeypatch.setattr(lists, "latest_list", lambda asked: next(looks, None) or latest_list(asked))
    assert publish_list(authority, clock.now).number == 3
    assert serials(latest()) == {int(record.serial, 16)}


@pytest.mark.clause("RFC 5280 §5.2.3")
def test_a_number_that_is_free_again_is_taken_by_nobody(
    record: IssuedCertificate, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process publishes two lists meanwhile, the later of which removes the one before."""
    authority = status_authority(ISSUING)
    stale = publish_list(authority, clock.now)
    assert [publish_list(authority, clock.now).number for _ in range(2)] == [2, 3]
    revoke(record, x509.ReasonFlags.unspecified, clock.now)
    looks = iter([stale])
    monkeypatch.setattr(lists, "latest_list", lambda asked: next(looks, None) or latest_list(asked))
    assert publish_list(authority, clock.now).number == 4
    assert serials(latest()) == {int(record.serial, 16)}


def test_the_database_itself_keeps_numbers_apart(hierarchy: Hierarchy, clock: MovedClock) -> None:
    published = publish_list(status_authority(ISSUING), clock.now)
    assert published.issuer == identity_of(hierarchy.issuing.certificate)
    published.pk = None
    with pytest.raises(IntegrityError):
        published.save(force_insert=True)


@pytest.mark.clause("RFC 2585 §4.2")
def test_lists_are_shown_in_der_and_a_cache_may_ask_whether_they_changed(
    client: Client, clock: MovedClock, settings: Settings, trail: Trail
) -> None:
    settings.ROOT_URLCONF = "ca.public_urls"
    assert client.get("/issuing.crl").status_code == 503
    assert trail.last()["rule"] == "crl.published"
    for name in (ISSUING, ROOT):
        publish_list(status_authority(name), clock.now)
        response = client.get(f"/{name}.crl")
        assert response.headers["Content-Type"] == "application/pkix-crl"
        assert x509.load_der_x509_crl(response.content) == latest(name)
        tag = response.headers["ETag"]
        assert client.get(f"/{name}.crl", headers={"If-None-Match": tag}).status_code == 304
        publish_list(status_authority(name), clock.now)
        assert client.get(f"/{name}.crl", headers={"If-None-Match": tag}).status_code == 200
        assert client.post(f"/{name}.crl").status_code == 405
