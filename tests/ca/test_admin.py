"""The authority's admin shows the register, and changes nothing of it."""

from collections.abc import Iterator

import pytest
from cryptography import x509
from django.core.management import call_command

from ca.register.models import Enrolment, IssuedCertificate, Participant, serial_text
from ca.status.models import RevocationList
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.administration import (
    Shown,
    assert_nobody_changes,
    looking,
    pages_served,
    superuser,
    unguarded_models,
)
from tests.ca.conftest import Admitted


@pytest.fixture
def record(certificate: x509.Certificate) -> IssuedCertificate:
    return IssuedCertificate.objects.get(serial=serial_text(certificate))


@pytest.fixture
def pages(record: IssuedCertificate) -> Iterator[None]:  # noqa: ARG001 - issued before the pages are served
    with pages_served():
        yield


@pytest.mark.usefixtures("pages")
def test_nobody_changes_a_participant() -> None:
    assert_nobody_changes(Participant.objects.get(name="partner"))


@pytest.mark.usefixtures("pages")
def test_nobody_changes_the_right_to_certificates() -> None:
    assert_nobody_changes(Enrolment.objects.get(participant__name="partner"))


@pytest.mark.usefixtures("pages")
def test_nobody_changes_a_certificate_or_revokes_it_there(record: IssuedCertificate) -> None:
    assert_nobody_changes(record)


@pytest.mark.usefixtures("pages")
def test_nobody_changes_a_revocation_list() -> None:
    call_command("publish_lists")
    assert_nobody_changes(RevocationList.objects.earliest("id"))


def test_everything_that_it_shows_is_only_shown() -> None:
    assert unguarded_models(("register", "status")) == []


@pytest.mark.usefixtures("pages")
def test_a_secret_is_shown_by_what_became_of_it(partner: Admitted) -> None:
    enrolment = Enrolment.objects.get(participant__name="partner")
    assert enrolment.secret_digest
    assert enrolment.used_with_key
    client = looking(superuser())
    for view in ("changelist", "change"):
        page = client.get(Shown(enrolment).url(view)).content.decode()
        assert ">spent<" in page
        for hidden in (enrolment.secret_digest, enrolment.used_with_key, partner.secret):
            assert hidden not in page


@pytest.mark.usefixtures("pages")
def test_a_certificate_is_found_by_serial_number_and_by_state(record: IssuedCertificate) -> None:
    client, listed = looking(superuser()), Shown(record).url("changelist")
    serial = record.serial.upper()
    colons = ":".join(serial[place : place + 2] for place in range(0, len(serial), 2))
    thumbprint = certificate_thumbprint(bytes(record.der))

    for query in ({"q": colons}, {"q": "partner"}, {"state": "valid"}, {"profile_name__exact": "client"}):
        page = client.get(listed, query).content.decode()
        assert (record.serial in page, thumbprint in page) == (True, True), query
    for query in ({"q": "ffffffff"}, {"state": "expired"}, {"state": "revoked"}):
        assert record.serial not in client.get(listed, query).content.decode(), query

    call_command("revoke", record.serial, "--reason", "keyCompromise")
    assert "keyCompromise" in client.get(listed, {"state": "revoked"}).content.decode()
    assert record.serial not in client.get(listed, {"state": "valid"}).content.decode()


@pytest.mark.usefixtures("pages")
def test_a_certificate_is_shown_with_its_names_and_as_pem(record: IssuedCertificate) -> None:
    page = looking(superuser()).get(Shown(record).url("change")).content.decode()
    for words in ("CN=partner,O=Partner Ltd,C=GB", "partner.example", "-----BEGIN CERTIFICATE-----"):
        assert words in page
