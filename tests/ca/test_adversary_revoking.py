"""What somebody tries who holds a key of a line: to go on after its end, or to end it for its owner."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.http import HttpResponse
from django.test import Client

from ca.register.models import serial_text
from ca.status.authorities import status_authority
from ca.status.lists import latest_list
from tests.ca.conftest import Admitted
from tests.ca.material import MovedClock, csr, encoded, issued, new_key, post
from tests.ca.test_revoking import is_revoked, record_of, refused_renewal, renewed, revoke, run
from tests.connection import FakeTLSSocket
from tests.trail import Trail

pytestmark = pytest.mark.usefixtures("db", "hierarchy")


def revoke_own(client: Client, certificate: x509.Certificate, reason: str = "") -> HttpResponse:
    connection: dict[str, Any] = {
        "gunicorn.socket": FakeTLSSocket([certificate.public_bytes(serialization.Encoding.DER)])
    }
    return client.post("/revoke", {"reason": reason}, **connection)  # type: ignore[return-value]  # see ``post``


def reasons_listed() -> dict[int, x509.ReasonFlags]:
    published = latest_list(status_authority("issuing"))
    assert published is not None
    return {
        entry.serial_number: entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
        for entry in x509.load_der_x509_crl(bytes(published.der))
    }


@pytest.mark.clause("RFC 5280 §5.3.1")
def test_a_thief_who_says_superseded_first_keeps_nothing_when_the_operator_revokes(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    """The thief has the key: it renews to a key of its own, and revokes what it stole, harmlessly."""
    stolen = renewed(client, certificate)
    assert revoke_own(client, certificate, "superseded").status_code == 200
    assert not is_revoked(stolen)
    then = clock.now
    clock.move(minutes=10)

    said = revoke(certificate, "keyCompromise")
    assert f"Revoked {serial_text(stolen)}, which the same line obtained later" in said
    assert is_revoked(stolen)
    assert refused_renewal(client, stolen, trail) == "renewal.revoked"
    record = record_of(certificate)
    assert (record.revoked_at, record.revocation_reason) == (then, "keyCompromise")
    assert reasons_listed() == {
        each.serial_number: x509.ReasonFlags.key_compromise for each in (certificate, stolen)
    }


@pytest.mark.clause("RFC 5280 §5.3.1")
@pytest.mark.parametrize("first_said", ["unspecified", "superseded", "cessationOfOperation"])
def test_a_key_that_turns_out_to_be_stolen_is_certified_no_more_whatever_was_said_first(
    client: Client, partner: Admitted, trail: Trail, tmp_path: Any, first_said: str
) -> None:
    key = new_key()
    body = encoded(csr(key))
    certificate = issued(post(client, "simpleenroll", body, authorization=partner.authorization))
    revoke_own(client, certificate, first_said)
    revoke(certificate, "keyCompromise")
    run("participant", "secret", "partner", "--secret-file", tmp_path / "secret")
    new = Admitted("partner", (tmp_path / "secret").read_text().strip()).authorization
    assert post(client, "simpleenroll", body, authorization=new).status_code == 403
    assert trail.last()["rule"] == "csr.compromised-key"


def test_who_holds_a_revoked_key_ends_nothing_more_with_it(
    client: Client, certificate: x509.Certificate
) -> None:
    """An honest holder superseded it; whoever finds the old key cannot take the successors along."""
    second = renewed(client, certificate)
    assert revoke_own(client, certificate, "superseded").status_code == 200
    assert revoke_own(client, certificate, "keyCompromise").status_code == 200
    assert record_of(certificate).revocation_reason == "superseded"
    assert not is_revoked(second)
    renewed(client, second)


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_who_finds_an_expired_key_does_not_end_the_line_that_went_on(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    lifetime = record_of(certificate).not_after - clock.now
    clock.move(seconds=lifetime.total_seconds() - 10)
    second = renewed(client, certificate)
    clock.move(seconds=20)
    assert record_of(certificate).is_expired(clock.now)

    assert revoke_own(client, certificate, "keyCompromise").status_code == 403
    assert trail.last()["rule"] == "revocation.expired"
    assert not is_revoked(second)
    assert not is_revoked(certificate)
    renewed(client, second)
    revoke(certificate)  # the operator can
    assert is_revoked(second)


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_an_expired_certificate_that_could_still_renew_itself_can_be_revoked_by_its_holder(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    lifetime = record_of(certificate).not_after - clock.now
    clock.move(seconds=lifetime.total_seconds() + 10)
    assert revoke_own(client, certificate, "keyCompromise").status_code == 200
    assert refused_renewal(client, certificate, trail) == "renewal.revoked"


def test_an_endless_reason_leaves_no_endless_line_in_the_trail(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    response = revoke_own(client, certificate, "x" * 60_000)
    assert response.status_code == 400
    assert len(response.content) < 500
    assert trail.last()["rule"] == "revocation.reason"
    assert len(str(trail.last())) < 2000
