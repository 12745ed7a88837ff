"""Revoking: by the operator, for good; what it does to a line of certificates; and how a new one begins."""

import io
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.core.management import CommandError, call_command
from django.test import Client

from ca.authority.hierarchy import Hierarchy
from ca.register import issuing, lines
from ca.register.models import Enrolment, IssuedCertificate, serial_text
from ca.register.own_records import record_authorities
from ca.register.participants import Application
from ca.status.authorities import status_authority
from ca.status.lists import latest_list
from tests.ca.conftest import Admit, Admitted
from tests.ca.material import MovedClock, basic, csr, encoded, issued, new_key, post
from tests.connection import FakeTLSSocket
from tests.trail import Trail

pytestmark = pytest.mark.usefixtures("db", "hierarchy")


def run(*arguments: object) -> str:
    output = io.StringIO()
    call_command(*map(str, arguments), stdout=output, stderr=output)
    return output.getvalue()


def revoke(certificate: x509.Certificate, reason: str = "keyCompromise") -> str:
    return run("revoke", serial_text(certificate), "--reason", reason)


def record_of(certificate: x509.Certificate) -> IssuedCertificate:
    return IssuedCertificate.objects.get(serial=serial_text(certificate))


def is_revoked(certificate: x509.Certificate) -> bool:
    return record_of(certificate).revoked_at is not None


def renewed(client: Client, certificate: x509.Certificate) -> x509.Certificate:
    return issued(post(client, "simplereenroll", encoded(csr(new_key())), certificate=certificate))


def refused_renewal(client: Client, certificate: x509.Certificate, trail: Trail) -> str:
    response = post(client, "simplereenroll", encoded(csr(new_key())), certificate=certificate)
    assert response.status_code == 403
    return str(trail.last()["rule"])


@pytest.mark.clause("RFC 5280 §5.3")
def test_revoking_is_recorded_published_and_told(
    certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    said = revoke(certificate)
    assert f"Revoked {serial_text(certificate)}" in said
    assert "participant secret partner" in said
    record = record_of(certificate)
    assert (record.revoked_at, record.revocation_reason) == (clock.now, "keyCompromise")
    assert record.crl_number == 1
    event = trail.last()
    assert (event["event"], event["client_id"]) == ("operator.revoke", "partner")
    assert event["detail"]["serial"] == record.serial
    for command in (("list",), ("show", record.serial)):
        assert "keyCompromise" in run(*command)


def test_revoking_again_changes_nothing_and_harms_nothing(
    certificate: x509.Certificate, clock: MovedClock
) -> None:
    revoke(certificate)
    then = clock.now
    clock.move(hours=1)
    said = revoke(certificate, "superseded")
    assert "was revoked before" in said
    record = record_of(certificate)
    assert (record.revoked_at, record.revocation_reason) == (then, "keyCompromise")


@pytest.mark.clause("RFC 5280 §5.3.1")
@pytest.mark.parametrize(
    ("reason", "complaint"),
    [
        ("certificateHold", "for good here, never only held"),
        ("removeFromCRL", "stays revoked"),
        ("stolen", "use one of unspecified, keyCompromise"),
        ("", "use one of"),
    ],
)
def test_a_reason_that_is_none_is_refused_with_those_that_are(
    certificate: x509.Certificate, reason: str, complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        revoke(certificate, reason)
    assert not is_revoked(certificate)
    revoke(certificate, "KEYCOMPROMISE")
    assert record_of(certificate).revocation_reason == "keyCompromise"


def test_what_was_never_issued_and_what_nobody_can_revoke_is_a_clean_error(hierarchy: Hierarchy) -> None:
    with pytest.raises(CommandError, match=r"see `\./scripts/manage ca list"):
        run("revoke", "1234")
    record_authorities((hierarchy.root.certificate, hierarchy.issuing.certificate))
    with pytest.raises(CommandError, match="nobody is above it"):
        revoke(hierarchy.root.certificate)


def test_the_issuing_authority_revoked_by_the_root_issues_nothing_more(
    client: Client, partner: Admitted, hierarchy: Hierarchy, trail: Trail
) -> None:
    record_authorities((hierarchy.root.certificate, hierarchy.issuing.certificate))
    said = revoke(hierarchy.issuing.certificate, "cACompromise")
    assert f"./scripts/manage ca replace_issuing {serial_text(hierarchy.issuing.certificate)}" in said
    published = latest_list(status_authority("root"))
    assert published is not None
    (entry,) = x509.load_der_x509_crl(bytes(published.der))
    assert entry.serial_number == hierarchy.issuing.certificate.serial_number
    body = encoded(csr(new_key()))
    assert post(client, "simpleenroll", body, authorization=partner.authorization).status_code == 503
    assert trail.last()["rule"] == "service.authority"
    assert Enrolment.objects.get().used_with_key == ""


@pytest.mark.clause("RFC 5280 §3.3")
def test_what_the_line_obtained_later_is_revoked_too(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    second = renewed(client, certificate)
    third = renewed(client, second)
    said = revoke(second)
    assert f"Revoked {serial_text(third)}, which the same line obtained later" in said
    assert f"Not revoked, of the same line: {serial_text(certificate)}" in said
    assert [is_revoked(each) for each in (certificate, second, third)] == [False, True, True]
    assert refused_renewal(client, third, trail) == "renewal.revoked"


def test_what_superseded_a_certificate_goes_on(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    second = renewed(client, certificate)
    revoke(certificate, "superseded")
    assert not is_revoked(second)
    renewed(client, second)
    assert refused_renewal(client, certificate, trail) == "renewal.revoked"


@pytest.mark.clause("RFC 5280 §3.3")
def test_a_predecessor_does_not_go_on_where_its_successor_was_stopped(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    second = renewed(client, certificate)
    revoke(second)
    assert not is_revoked(certificate)
    assert refused_renewal(client, certificate, trail) == "renewal.line"


def test_a_renewal_that_was_under_way_when_the_line_was_stopped_issues_nothing(
    client: Client, certificate: x509.Certificate, monkeypatch: pytest.MonkeyPatch, trail: Trail
) -> None:
    """The operator revokes between the look at the register and the entry into it."""

    def meanwhile(*arguments: object) -> None:
        lines.check_window(*arguments)  # type: ignore[arg-type]  # handed through
        revoke(certificate)

    monkeypatch.setattr(issuing, "check_window", meanwhile)
    before = IssuedCertificate.objects.count()
    assert refused_renewal(client, certificate, trail) == "renewal.revoked"
    assert IssuedCertificate.objects.count() == before


def test_a_new_secret_begins_a_new_line_and_the_line_before_stays_what_it_is(
    client: Client, partner: Admitted, certificate: x509.Certificate, tmp_path: Path, trail: Trail
) -> None:
    second = renewed(client, certificate)
    revoke(second)
    file = tmp_path / "secret"
    assert "New secret for partner" in run("participant", "secret", "partner", "--secret-file", file)
    assert file.stat().st_mode & 0o777 == 0o600
    new = basic(partner.name, file.read_text().strip())
    first = issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=new))
    renewed(client, first)
    assert is_revoked(second)
    assert refused_renewal(client, second, trail) == "renewal.revoked"
    assert refused_renewal(client, certificate, trail) == "renewal.line"
    body = encoded(csr(new_key()))
    assert post(client, "simpleenroll", body, authorization=partner.authorization).status_code == 401


@pytest.mark.clause("RFC 5280 §5.3.1")
@pytest.mark.parametrize(("reason", "status"), [("keyCompromise", 403), ("superseded", 200)])
def test_a_compromised_key_is_certified_no_more_in_whichever_way_it_comes_back(
    client: Client, partner: Admitted, tmp_path: Path, trail: Trail, reason: str, status: int
) -> None:
    key = new_key()
    body = encoded(csr(key))
    revoke(issued(post(client, "simpleenroll", body, authorization=partner.authorization)), reason)
    run("participant", "secret", "partner", "--secret-file", tmp_path / "secret")
    new = basic("partner", (tmp_path / "secret").read_text().strip())
    assert post(client, "simpleenroll", body, authorization=new).status_code == status
    if status != 200:
        assert trail.last()["rule"] == "csr.compromised-key"
        (tmp_path / "request").write_bytes(csr(key))
        with pytest.raises(CommandError, match=r"csr\.compromised-key"):
            run("issue", "--profile", "client", "--csr", tmp_path / "request")
        issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=new))


def test_a_secret_that_is_not_spent_yet_leaves_the_line_as_it_is(
    client: Client, certificate: x509.Certificate, tmp_path: Path
) -> None:
    run("participant", "secret", "partner", "--secret-file", tmp_path / "secret")
    renewed(client, certificate)


def test_a_secret_is_for_one_certificate_of_one_participant(admitted: Admit, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no participant 'nobody'"):
        run("participant", "secret", "nobody")
    admitted(Application("two", "client", "CN=one,O=Two"))
    admitted(Application("two", "client", "CN=two,O=Two"))
    admitted(Application("two", "server", "CN=three,O=Two", ("two.example",)))
    with pytest.raises(CommandError, match="say which certificate of two"):
        run("participant", "secret", "two")
    with pytest.raises(CommandError, match="say which certificate of two"):
        run("participant", "secret", "two", "--profile", "client")
    with pytest.raises(CommandError, match="RFC 4514"):
        run("participant", "secret", "two", "--subject", "nonsense")
    file = tmp_path / "secret"
    assert "CN=two" in run(
        "participant", "secret", "two", "--subject", "CN=two, O=Two", "--secret-file", file
    )
    assert "server" in run("participant", "secret", "two", "--profile", "server", "--secret-file", file)


def test_a_holder_is_told_about_a_reason_that_is_not_its_own_to_give(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    def ask(reason: str) -> int:
        connection: dict[str, Any] = {
            "gunicorn.socket": FakeTLSSocket([certificate.public_bytes(serialization.Encoding.DER)])
        }
        return client.post("/revoke", {"reason": reason}, **connection).status_code

    for reason in ("cACompromise", "aACompromise", "privilegeWithdrawn", "certificateHold", "nonsense"):
        assert ask(reason) == 400
        assert trail.last()["rule"] == "revocation.reason"
    assert not is_revoked(certificate)
    assert ask("superseded") == 200
    assert record_of(certificate).revocation_reason == "superseded"
