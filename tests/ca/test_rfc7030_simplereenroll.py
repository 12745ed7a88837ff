"""The successor of a certificate: RFC 7030 §4.2.2, authenticated by the one that it replaces (§3.3.2)."""

import base64
from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.conf import settings
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import Client

from ca.authority.hierarchy import create_hierarchy
from ca.authority.profiles import CLIENT
from ca.register import issuing
from ca.register.models import Enrolment, IssuedCertificate, serial_text
from ca.register.participants import Application
from tests.ca.conftest import Admit, Admitted
from tests.ca.material import (
    PARTNER,
    PARTNER_DNS,
    MovedClock,
    corrupted,
    csr,
    encoded,
    issued,
    new_key,
    post,
)
from tests.trail import Trail

OTHER = "CN=other-partner,O=Other Partner Ltd,C=GB"
SERVER = "CN=bank-api,O=Bank plc,C=GB"


def renew(
    client: Client,
    certificate: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey | None = None,
    subject: str = PARTNER,
    names: tuple[x509.GeneralName, ...] = (x509.DNSName(PARTNER_DNS),),
) -> HttpResponse:
    return post(
        client, "simplereenroll", encoded(csr(key or new_key(), subject, names)), certificate=certificate
    )


def first(client: Client, admitted: Admitted, subject: str, *dns: str) -> x509.Certificate:
    body = encoded(csr(new_key(), subject, [x509.DNSName(name) for name in dns]))
    return issued(post(client, "simpleenroll", body, authorization=admitted.authorization))


def record_of(certificate: x509.Certificate) -> IssuedCertificate:
    return IssuedCertificate.objects.get(serial=serial_text(certificate))


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_a_certificate_gets_a_successor_with_a_new_key_and_the_same_names(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    clock.move(hours=16)
    key = new_key()
    successor = issued(renew(client, certificate, key))
    assert successor.public_key() == key.public_key()
    assert successor.subject == certificate.subject
    san = x509.SubjectAlternativeName
    assert successor.extensions.get_extension_for_class(
        san
    ) == certificate.extensions.get_extension_for_class(san)
    assert successor.not_valid_after_utc == clock.now + timedelta(days=1)
    assert record_of(successor).replaces == record_of(certificate)
    event = trail.last()
    assert (event["event"], event["outcome"], event["client_id"]) == (
        "est.simplereenroll",
        "accepted",
        "partner",
    )
    assert event["detail"]["replaces"] == serial_text(certificate)


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_a_renewal_with_the_same_key_is_a_renewal_each_time_its_result_is_presented(
    client: Client, partner: Admitted
) -> None:
    key = new_key()
    one = issued(post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization))
    two = issued(renew(client, one, key))
    three = issued(renew(client, two, key))
    assert len({one.serial_number, two.serial_number, three.serial_number}) == 3
    assert issued(renew(client, one, key)) == three


@pytest.mark.clause("RFC 7030 §3.3.2")
def test_the_certificate_of_a_server_renews_itself(client: Client, admitted: Admit) -> None:
    server = admitted(Application("bank-api", "server", SERVER, ("localhost",)))
    certificate = first(client, server, SERVER, "localhost")
    successor = issued(renew(client, certificate, subject=SERVER, names=(x509.DNSName("localhost"),)))
    purposes = successor.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.mark.clause("RFC 7030 §3.3.2")
def test_without_a_certificate_there_is_no_renewal(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    response = renew(client, None)
    assert response.status_code == 403
    assert b"Present" in response.content
    assert trail.last()["rule"] == "renewal.certificate"
    issued(renew(client, certificate))


def test_a_secret_is_no_certificate(client: Client, partner: Admitted) -> None:
    body = encoded(csr(new_key()))
    assert post(client, "simplereenroll", body, authorization=partner.authorization).status_code == 403


def test_a_certificate_is_no_secret(client: Client, certificate: x509.Certificate) -> None:
    body = encoded(csr(new_key()))
    assert post(client, "simpleenroll", body, certificate=certificate).status_code == 401


def test_a_certificate_in_a_header_is_no_certificate(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    header = f":{base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}:"
    response = post(client, "simplereenroll", encoded(csr(new_key())), HTTP_CLIENT_CERT=header)
    assert response.status_code == 403
    assert [event["event"] for event in trail.events()][-2:] == [
        "peer.certificate_header_ignored",
        "est.simplereenroll",
    ]


@pytest.mark.clause("RFC 7030 §4.2.2")
@pytest.mark.parametrize(
    ("subject", "names", "rule"),
    [
        pytest.param(OTHER, (x509.DNSName(PARTNER_DNS),), "renewal.subject", id="another subject"),
        pytest.param(PARTNER, (), "renewal.alternative-names", id="one name less"),
        pytest.param(
            PARTNER,
            (x509.DNSName(PARTNER_DNS), x509.UniformResourceIdentifier("urn:example:partner")),
            "renewal.alternative-names",
            id="one name more, though it is the participant's",
        ),
    ],
)
def test_a_renewal_changes_no_name(
    client: Client,
    certificate: x509.Certificate,
    trail: Trail,
    subject: str,
    names: tuple[x509.GeneralName, ...],
    rule: str,
) -> None:
    response = renew(client, certificate, subject=subject, names=names)
    assert response.status_code == 403
    assert (trail.last()["rule"], trail.last()["client_id"]) == (rule, "partner")


def test_a_name_that_the_operator_took_away_is_not_renewed(
    client: Client, certificate: x509.Certificate, admitted: Admit, trail: Trail
) -> None:
    admitted(Application("partner", "client", PARTNER))
    assert renew(client, certificate).status_code == 403
    assert trail.last()["rule"] == "csr.alternative-name"


def test_the_certificate_of_another_participant_does_not_renew_this_one(
    client: Client, certificate: x509.Certificate, admitted: Admit, trail: Trail
) -> None:
    other = admitted(Application("other-partner", "client", OTHER, ("other-partner.example",)))
    others = first(client, other, OTHER, "other-partner.example")
    assert renew(client, others).status_code == 403
    assert trail.last()["rule"] == "renewal.subject"
    issued(renew(client, certificate))


def test_a_certificate_of_another_authority_is_refused(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    """Even one of the same name, key and serial number."""
    foreign = create_hierarchy(clock.now).issuing.issue(
        CLIENT,
        new_key().public_key(),
        certificate.subject,
        [x509.DNSName(PARTNER_DNS)],
        timedelta(days=1),
        clock.now,
    )
    assert renew(client, foreign).status_code == 403
    assert trail.last()["rule"] == "renewal.issued-here"

    record = record_of(certificate)
    record.serial = serial_text(foreign)
    record.save()
    assert renew(client, foreign).status_code == 403
    assert trail.last()["rule"] == "renewal.issued-here"


def test_a_certificate_that_was_issued_by_hand_is_renewed_by_hand(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    IssuedCertificate.objects.update(enrolment=None)
    assert renew(client, certificate).status_code == 403
    assert trail.last()["rule"] == "renewal.participant"


def test_a_request_that_another_key_signed_is_refused(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    body = encoded(corrupted(csr(new_key())))
    assert post(client, "simplereenroll", body, certificate=certificate).status_code == 400
    assert trail.last()["rule"] == "csr.signature"


def test_the_latest_certificate_renews_itself_after_its_end(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    end = certificate.not_valid_after_utc
    window = timedelta(seconds=settings.RENEWAL_AFTER_EXPIRY_SECONDS)
    clock.now = end + window + timedelta(seconds=1)
    assert renew(client, certificate).status_code == 403
    assert trail.last()["rule"] == "renewal.window"
    clock.now = end + window
    issued(renew(client, certificate))


def test_of_two_successors_from_before_forks_were_refused_the_expired_earlier_one_is_refused(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    """As a migrated register holds them; now a certificate gets one successor."""
    earlier = issued(renew(client, certificate))
    later = record_of(earlier)
    later.pk, later.serial, later.public_key_digest, later.is_branch = None, "abc", "of another key", True
    later.save()
    clock.now = certificate.not_valid_after_utc + timedelta(days=1)
    assert renew(client, earlier).status_code == 403
    assert trail.last()["rule"] == "renewal.latest"
    IssuedCertificate.objects.filter(pk=later.pk).delete()
    issued(renew(client, earlier))


def test_an_expired_certificate_that_has_a_successor_is_refused(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    issued(renew(client, certificate))
    clock.now = certificate.not_valid_after_utc + timedelta(seconds=1)
    assert renew(client, certificate).status_code == 403
    assert trail.last()["rule"] == "renewal.forked"


def test_a_lost_answer_is_given_again_also_when_the_predecessor_has_expired(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    clock.move(hours=23)
    key = new_key()
    successor = issued(renew(client, certificate, key))
    clock.now = certificate.not_valid_after_utc + timedelta(seconds=1)
    assert issued(renew(client, certificate, key)) == successor
    assert trail.last()["detail"]["repeated"] is True
    assert renew(client, certificate).status_code == 403


def test_a_lost_answer_that_expired_too_is_replaced_for_its_key(
    client: Client, certificate: x509.Certificate, clock: MovedClock
) -> None:
    """A laptop falls asleep while its renewal is on the way, and wakes up after days."""
    key = new_key()
    lost = issued(renew(client, certificate, key))
    clock.move(days=5)
    successor = issued(renew(client, certificate, key))
    assert successor.not_valid_after_utc > clock.now
    assert record_of(successor).replaces == record_of(lost)
    assert issued(renew(client, certificate, key)) == successor


@pytest.mark.parametrize("hours", [16, 25], ids=["valid", "expired"])
def test_of_two_equal_requests_at_the_same_time_both_get_the_same_certificate(
    client: Client,
    certificate: x509.Certificate,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
) -> None:
    clock.move(hours=hours)
    key = new_key()
    overtaken = overtaking(monkeypatch, lambda: renew(client, certificate, key))
    assert issued(renew(client, certificate, key)) == overtaken[0]
    assert record_of(certificate).successors.count() == 1


def test_of_two_who_renew_one_expired_certificate_at_the_same_time_one_is_refused(
    client: Client,
    certificate: x509.Certificate,
    clock: MovedClock,
    monkeypatch: pytest.MonkeyPatch,
    trail: Trail,
) -> None:
    clock.move(hours=25)
    overtaken = overtaking(monkeypatch, lambda: renew(client, certificate))
    assert renew(client, certificate).status_code == 403
    assert trail.last()["rule"] == "renewal.forked"
    assert [each.certificate for each in record_of(certificate).successors.all()] == overtaken


def overtaking(
    monkeypatch: pytest.MonkeyPatch, request: Callable[[], HttpResponse]
) -> list[x509.Certificate]:
    """Another request is answered between the looks and the signature of the next; its answers."""
    sign = issuing.Issuer._sign
    overtaken: list[x509.Certificate] = []

    def overtake(*arguments: object) -> x509.Certificate:
        monkeypatch.setattr(issuing.Issuer, "_sign", sign)
        overtaken.append(issued(request()))
        return sign(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(issuing.Issuer, "_sign", overtake)
    return overtaken


@pytest.mark.clause("RFC 5280 §3.3")
def test_a_revoked_certificate_renews_nothing(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    IssuedCertificate.objects.update(revoked_at=clock.now, revocation_reason="keyCompromise")
    assert renew(client, certificate).status_code == 403
    assert trail.last()["rule"] == "renewal.revoked"
    clock.move(days=2)
    assert renew(client, certificate).status_code == 403
    assert trail.last()["rule"] == "renewal.revoked"


def test_a_revoked_successor_is_not_given_again(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    key = new_key()
    successor = record_of(issued(renew(client, certificate, key)))
    successor.revoked_at = clock.now
    successor.save()
    assert renew(client, certificate, key).status_code == 403
    assert trail.last()["rule"] == "renewal.revoked"


@pytest.mark.django_db
def test_the_register_takes_no_serial_number_twice(certificate: x509.Certificate) -> None:
    record = record_of(certificate)
    assert Enrolment.objects.count() == 1
    record.pk = None
    with pytest.raises(IntegrityError):
        record.save()
