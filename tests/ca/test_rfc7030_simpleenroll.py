"""A first certificate: RFC 7030 §4.2.1, authenticated by a one-time secret."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.test import Client
from pytest_django import Settings

from ca.authority.hierarchy import ISSUING_LIFETIME, Hierarchy
from ca.register import issuing
from ca.register.models import Enrolment, IssuedCertificate, serial_text
from ca.register.participants import Application
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.ca.conftest import Admit, Admitted
from tests.ca.material import (
    PARTNER_DNS,
    MovedClock,
    basic,
    corrupted,
    csr,
    encoded,
    issued,
    new_key,
    post,
)
from tests.trail import Trail

OTHER = "CN=other-partner,O=Other Partner Ltd,C=GB"


@pytest.mark.clause("RFC 7030 §4.2.1")
def test_a_participant_gets_a_certificate_for_its_key(
    client: Client, partner: Admitted, hierarchy: Hierarchy, clock: MovedClock, trail: Trail
) -> None:
    key = new_key()
    response = post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization)
    certificate = issued(response)
    certificate.verify_directly_issued_by(hierarchy.issuing.certificate)
    assert certificate.public_key() == key.public_key()
    assert (certificate.not_valid_after_utc - clock.now).total_seconds() == 24 * 60 * 60
    assert response.headers["Content-Type"] == "application/pkcs7-mime; smime-type=certs-only"
    assert "Content-Transfer-Encoding" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert int(response.headers["Content-Length"]) == len(response.content)

    record = IssuedCertificate.objects.get(serial=serial_text(certificate))
    assert record.certificate == certificate
    assert record.enrolment is not None
    assert record.enrolment.participant.name == "partner"
    assert record.issued_at == clock.now
    event = trail.last()
    assert (event["event"], event["outcome"], event["client_id"]) == (
        "est.simpleenroll",
        "accepted",
        "partner",
    )
    assert event["detail"]["serial"] == record.serial
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert event["detail"]["thumbprint"] == certificate_thumbprint(der)


def test_no_secret_is_kept_or_recorded(client: Client, partner: Admitted, trail: Trail) -> None:
    post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization)
    assert partner.secret not in str(trail.events())
    assert partner.secret not in str(Enrolment.objects.values())


@pytest.mark.clause("RFC 7030 §3.2.3")
@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param(None, id="none"),
        pytest.param("Basic", id="nothing behind the scheme"),
        pytest.param("Basic !!!", id="no base64"),
        pytest.param("Basic /w==", id="no UTF-8"),
        pytest.param("Bearer abc", id="another scheme"),
        pytest.param(basic("partner", ""), id="no secret"),
        pytest.param(basic("partner", "x" * 43), id="wrong secret"),
        pytest.param(basic("nobody", "x" * 43), id="unknown participant"),
        pytest.param(basic("", ""), id="nobody"),
        pytest.param(basic("part\0ner", "x"), id="a NUL"),
    ],
)
def test_whoever_is_not_authenticated_gets_one_and_the_same_answer(
    client: Client, partner: Admitted, trail: Trail, authorization: str | None
) -> None:
    del partner  # admitted, but it is somebody else who asks
    response = post(client, "simpleenroll", encoded(csr(new_key())), authorization=authorization)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="enrolment", charset="UTF-8"'
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content == b"Wrong participant or enrolment secret\n"
    assert (trail.last()["rule"], trail.last()["outcome"]) == ("est.credentials", "refused")
    assert not IssuedCertificate.objects.exists()


def test_the_secret_of_another_participant_is_refused(
    client: Client, partner: Admitted, admitted: Admit
) -> None:
    other = admitted(Application("other-partner", "client", OTHER))
    crossed = basic(partner.name, other.secret)
    assert post(client, "simpleenroll", encoded(csr(new_key())), authorization=crossed).status_code == 401


@pytest.mark.clause("RFC 7030 §3.7")
@pytest.mark.parametrize(
    ("der", "rule", "status"),
    [
        pytest.param(csr(new_key(), OTHER), "csr.subject", 403, id="another participant's subject"),
        pytest.param(
            csr(new_key(), names=[x509.DNSName(PARTNER_DNS), x509.DNSName("other-partner.example")]),
            "csr.alternative-name",
            403,
            id="another participant's DNS name",
        ),
        pytest.param(corrupted(csr(new_key())), "csr.signature", 400, id="wrong signature"),
    ],
)
def test_a_request_that_is_not_allowed_is_refused_and_costs_no_secret(
    client: Client, partner: Admitted, trail: Trail, der: bytes, rule: str, status: int
) -> None:
    response = post(client, "simpleenroll", encoded(der), authorization=partner.authorization)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (trail.last()["rule"], trail.last()["client_id"]) == (rule, "partner")
    assert response.content.decode().strip() == trail.last()["description"]
    issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization))


def test_the_authority_certifies_the_keys_of_its_profile_alone(
    client: Client, partner: Admitted, trail: Trail, settings: Settings
) -> None:
    settings.CERTIFICATE_PROFILE = "fapi1-advanced"
    other = encoded(csr(ec.generate_private_key(ec.SECP384R1())))
    assert post(client, "simpleenroll", other, authorization=partner.authorization).status_code == 400
    assert trail.last()["rule"] == "csr.key"
    issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization))


def test_a_server_asks_for_a_dns_name(client: Client, admitted: Admit, trail: Trail) -> None:
    server = admitted(Application("bank-api", "server", "CN=bank-api,O=Bank plc,C=GB", ("localhost",)))
    nameless = csr(new_key(), "CN=bank-api,O=Bank plc,C=GB", names=[])
    assert (
        post(client, "simpleenroll", encoded(nameless), authorization=server.authorization).status_code == 403
    )
    assert trail.last()["rule"] == "csr.server-name"
    named = csr(new_key(), "CN=bank-api,O=Bank plc,C=GB", names=[x509.DNSName("localhost")])
    certificate = issued(post(client, "simpleenroll", encoded(named), authorization=server.authorization))
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_spent_secret_is_refused_for_another_key(client: Client, partner: Admitted, trail: Trail) -> None:
    issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization))
    again = post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization)
    assert again.status_code == 403
    assert trail.last()["rule"] == "enrolment.secret-spent"
    assert IssuedCertificate.objects.count() == 1


def test_a_request_whose_answer_was_lost_is_answered_again(
    client: Client, partner: Admitted, trail: Trail
) -> None:
    key = new_key()
    first = issued(post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization))
    again = issued(post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization))
    assert again == first
    assert trail.last()["detail"]["repeated"] is True
    assert IssuedCertificate.objects.count() == 1


def test_a_lost_answer_that_expired_is_replaced_for_the_same_key(
    client: Client, partner: Admitted, clock: MovedClock
) -> None:
    key = new_key()
    first = issued(post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization))
    clock.move(days=2)
    second = issued(post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization))
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc > clock.now
    clock.move(days=40)
    late = post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization)
    assert late.status_code == 403


def test_of_two_requests_at_the_same_time_one_spends_the_secret(
    client: Client, partner: Admitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other request is answered between reading the enrolment and spending its secret."""
    sign = issuing.Issuer._sign
    overtaken: list[x509.Certificate] = []

    def overtake(*arguments: object) -> x509.Certificate:
        monkeypatch.setattr(issuing.Issuer, "_sign", sign)
        body = encoded(csr(new_key()))
        overtaken.append(issued(post(client, "simpleenroll", body, authorization=partner.authorization)))
        return sign(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(issuing.Issuer, "_sign", overtake)
    late = post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization)
    assert late.status_code == 403
    assert IssuedCertificate.objects.get().certificate == overtaken[0]


def test_a_new_secret_begins_anew_and_ends_the_old_one(
    client: Client, partner: Admitted, admitted: Admit
) -> None:
    issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization))
    application = Application("partner", "client", "CN=partner,O=Partner Ltd,C=GB", (PARTNER_DNS,))
    again = admitted(application)
    old = post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization)
    assert old.status_code == 401
    issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=again.authorization))
    assert Enrolment.objects.count() == 1


def test_each_of_a_participants_enrolments_has_its_secret(
    client: Client, partner: Admitted, admitted: Admit
) -> None:
    serving = admitted(Application("partner", "server", "CN=partner,O=Partner Ltd,C=GB", (PARTNER_DNS,)))
    purposes: list[x509.ObjectIdentifier] = []
    for each in (partner, serving):
        body = encoded(csr(new_key()))
        certificate = issued(post(client, "simpleenroll", body, authorization=each.authorization))
        purposes += certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert purposes == [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]


def test_an_authority_that_ended_says_that_it_is_unavailable(
    client: Client, partner: Admitted, clock: MovedClock
) -> None:
    clock.move(seconds=ISSUING_LIFETIME.total_seconds())
    response = post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization)
    assert response.status_code == 503


def test_without_its_keys_the_authority_says_that_it_is_unavailable(
    client: Client, partner: Admitted, settings: Settings, tmp_path: Path
) -> None:
    settings.KEYS_DIR = tmp_path
    response = post(client, "simpleenroll", encoded(csr(new_key())), authorization=partner.authorization)
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
