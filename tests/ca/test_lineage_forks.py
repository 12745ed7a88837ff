"""A replaced key asks for a successor of its own: its lineage is suspended until the operator decides."""

import base64
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.http import HttpResponse
from django.test import Client

from ca.register import issuing, lines
from ca.register.forks import ALARM, open_forks
from ca.register.models import IssuedCertificate, LineageFork, serial_text
from ca.status.tasks import watch_lineages
from operations.alarms.service import alarms
from tests.ca.conftest import Admitted
from tests.ca.material import MovedClock, basic, csr, encoded, issued, new_key, post
from tests.ca.running import RunningAuthority, manage
from tests.ca.test_over_tls import curl, send, write
from tests.connection import FakeTLSSocket
from tests.trail import Trail

pytestmark = pytest.mark.usefixtures("db", "hierarchy", "no_alarm")

Key = ec.EllipticCurvePrivateKey


@pytest.fixture
def no_alarm() -> None:
    alarms().cleared(ALARM)


def renew(client: Client, certificate: x509.Certificate, key: Key | None = None) -> HttpResponse:
    return post(client, "simplereenroll", encoded(csr(key or new_key())), certificate=certificate)


def refused(client: Client, certificate: x509.Certificate, trail: Trail, key: Key | None = None) -> str:
    response = renew(client, certificate, key)
    assert response.status_code == 403
    return str(trail.last()["rule"] or last_refusal(trail)["rule"])


def last_refusal(trail: Trail) -> dict[str, Any]:
    return [event for event in trail.events() if event["outcome"] == "refused"][-1]


def record_of(certificate: x509.Certificate) -> IssuedCertificate:
    return IssuedCertificate.objects.get(serial=serial_text(certificate))


def standing() -> list[str]:
    return [alarm.message for alarm in alarms().standing() if alarm.name == ALARM]


def run(*arguments: object) -> str:
    output = io.StringIO()
    call_command(*map(str, arguments), stdout=output, stderr=output)
    return output.getvalue()


@pytest.mark.clause("RFC 7030 §3.3.2")
def test_a_request_that_is_answered_twice_at_the_same_time_forks_no_lineage(
    client: Client, certificate: x509.Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key()
    answered: list[x509.Certificate] = []

    def answered_meanwhile(record: IssuedCertificate) -> None:
        monkeypatch.setattr(issuing, "check_line_goes_on", unpatched)
        answered.append(issued(renew(client, certificate, key)))
        unpatched(record)

    unpatched = lines.check_line_goes_on
    monkeypatch.setattr(issuing, "check_line_goes_on", answered_meanwhile)
    assert [issued(renew(client, certificate, key))] == answered
    assert standing() == []


@pytest.mark.clause("RFC 7030 §3.3.2")
def test_a_replaced_key_repeats_its_request_and_makes_no_other(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    key = new_key()
    successor = issued(renew(client, certificate, key))
    assert issued(renew(client, certificate, key)) == successor
    assert standing() == []

    other = new_key()
    assert refused(client, certificate, trail, other) == "renewal.forked"
    event = last_refusal(trail)
    assert (event["event"], event["client_id"]) == ("est.simplereenroll", "partner")
    assert event["detail"]["serial"] == serial_text(certificate)
    assert event["detail"]["replaced_by"] == serial_text(successor)
    assert [event["detail"]["alarm"] for event in trail.events() if event["event"] == "alarm.raised"][
        -1
    ] == ALARM
    (message,) = standing()
    assert serial_text(certificate) in message
    assert "partner" in message
    # The answer that was lost is still given; nothing else is, to either key.
    assert issued(renew(client, certificate, key)) == successor
    assert refused(client, successor, trail) == "renewal.suspended"
    assert refused(client, certificate, trail, other) == "renewal.forked"
    assert record_of(certificate).successors.count() == 1
    assert LineageFork.objects.count() == 1


def test_a_key_that_renewed_itself_was_not_replaced(client: Client, partner: Admitted) -> None:
    key, other = new_key(), new_key()
    one = issued(post(client, "simpleenroll", encoded(csr(key)), authorization=partner.authorization))
    two = issued(renew(client, one, key))
    three = issued(renew(client, one, other))
    assert record_of(three).replaces == record_of(two)
    assert standing() == []
    assert issued(renew(client, one, other)) == three
    assert issued(renew(client, one, key)) == two


def test_a_key_further_down_the_lineage_is_another_key(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    second = issued(renew(client, certificate))
    key = new_key()
    third = issued(renew(client, second, key))
    assert issued(renew(client, second, key)) == third
    assert refused(client, certificate, trail, key) == "renewal.forked"


def test_whoever_comes_second_is_refused_also_when_it_is_the_holder_after_its_certificate_ended(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    """The thief renewed first. The operator sees both: what was replaced, and what was issued for it."""
    thiefs = issued(renew(client, certificate))
    clock.now = certificate.not_valid_after_utc + timedelta(seconds=1)
    assert refused(client, certificate, trail) == "renewal.forked"
    said = run("lineage", "list")
    assert f"replaced  {serial_text(certificate)}" in said
    assert f"successor {serial_text(thiefs)}" in said
    assert "undecided" in said
    assert "lineage forked" in run("list")


def test_a_replaced_key_that_is_found_after_the_window_suspends_nothing(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail
) -> None:
    latest = issued(renew(client, certificate))
    clock.move(days=29)
    latest = issued(renew(client, latest))
    clock.move(days=5)
    assert refused(client, certificate, trail) == "renewal.window"
    assert standing() == []
    issued(renew(client, latest))


@pytest.mark.usefixtures("responders")
def test_a_resumed_lineage_goes_on_with_its_latest_and_the_replaced_one_suspends_it_no_more(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    second = issued(renew(client, certificate))
    assert refused(client, certificate, trail) == "renewal.forked"
    said = run("lineage", "resume", serial_text(second))
    assert f"Revoked {serial_text(certificate)}: superseded" in said
    event = [each for each in trail.events() if each["event"] == "operator.lineage"][-1]
    assert event["detail"]["decision"] == "resumed"
    assert standing() == []
    assert refused(client, certificate, trail) == "renewal.revoked"
    assert standing() == []
    third = issued(renew(client, second))
    assert record_of(third).replaces == record_of(second)
    with pytest.raises(CommandError, match="no fork to decide about"):
        run("lineage", "resume", serial_text(second))
    assert "resumed" in run("lineage", "list", "--all")
    assert run("lineage", "list") == "No lineage is forked.\n"


@pytest.mark.usefixtures("responders")
def test_a_revoked_lineage_has_ended_and_a_new_secret_begins_another(
    client: Client, certificate: x509.Certificate, trail: Trail, tmp_path: Path
) -> None:
    second = issued(renew(client, certificate))
    assert refused(client, certificate, trail) == "renewal.forked"
    said = run("lineage", "revoke", serial_text(certificate))
    assert "participant secret partner" in said
    for each in (certificate, second):
        assert f"Revoked {serial_text(each)}: keyCompromise" in said
        assert refused(client, each, trail) == "renewal.revoked"
    assert standing() == []
    first = issued(enrolled_again(client, tmp_path))
    issued(renew(client, first))


def test_a_new_secret_is_a_way_back_and_the_alarm_stays_while_the_other_certificate_is_valid(
    client: Client, certificate: x509.Certificate, clock: MovedClock, trail: Trail, tmp_path: Path
) -> None:
    second = issued(renew(client, certificate))
    assert refused(client, certificate, trail) == "renewal.forked"
    first = issued(enrolled_again(client, tmp_path))
    issued(renew(client, first))
    assert refused(client, second, trail) == "renewal.line"
    watch_lineages()
    assert len(standing()) == 1
    clock.now = second.not_valid_after_utc + timedelta(seconds=1)
    watch_lineages()
    assert standing() == []
    assert open_forks(clock.now) == []


def enrolled_again(client: Client, folder: Path) -> HttpResponse:
    run("participant", "secret", "partner", "--secret-file", folder / "secret")
    authorization = basic("partner", (folder / "secret").read_text().strip())
    return post(client, "simpleenroll", encoded(csr(new_key())), authorization=authorization)


@pytest.mark.usefixtures("responders")
def test_a_holder_who_revokes_its_lineage_leaves_nothing_to_decide(
    client: Client, certificate: x509.Certificate, trail: Trail
) -> None:
    issued(renew(client, certificate))
    assert refused(client, certificate, trail) == "renewal.forked"
    extra: dict[str, Any] = {"gunicorn.socket": FakeTLSSocket([bytes(record_of(certificate).der)])}
    assert client.post("/revoke", {"reason": "keyCompromise"}, **extra).status_code == 200
    watch_lineages()
    assert standing() == []


def test_a_spent_secret_with_a_replaced_key_forks_nothing_either(
    client: Client, partner: Admitted, clock: MovedClock, trail: Trail
) -> None:
    key = new_key()
    body = encoded(csr(key))
    first = issued(post(client, "simpleenroll", body, authorization=partner.authorization))
    issued(renew(client, first))
    assert issued(post(client, "simpleenroll", body, authorization=partner.authorization)) == first
    clock.now = first.not_valid_after_utc + timedelta(seconds=1)
    assert post(client, "simpleenroll", body, authorization=partner.authorization).status_code == 403
    assert last_refusal(trail)["rule"] == "renewal.forked"


def test_of_two_keys_that_renew_one_certificate_at_the_same_time_one_is_refused_and_recorded(
    client: Client, certificate: x509.Certificate, monkeypatch: pytest.MonkeyPatch, trail: Trail
) -> None:
    """The other request is answered between the look at the register and the entry into it."""
    sign: Callable[..., x509.Certificate] = issuing.Issuer._sign
    overtaken: list[x509.Certificate] = []

    def overtake(*arguments: object) -> x509.Certificate:
        monkeypatch.setattr(issuing.Issuer, "_sign", sign)
        overtaken.append(issued(renew(client, certificate)))
        return sign(*arguments)

    monkeypatch.setattr(issuing.Issuer, "_sign", overtake)
    assert refused(client, certificate, trail) == "renewal.forked"
    assert [each.certificate for each in record_of(certificate).successors.all()] == overtaken
    assert len(standing()) == 1


def test_the_register_takes_no_second_successor(client: Client, certificate: x509.Certificate) -> None:
    second = record_of(issued(renew(client, certificate)))
    second.pk, second.serial, second.public_key_digest = None, "abc", "of another key"
    with pytest.raises(IntegrityError):
        second.save()


def test_only_a_certificate_of_a_forked_lineage_can_be_decided_about(certificate: x509.Certificate) -> None:
    for serial, reason in ((serial_text(certificate), "no fork to decide about"), ("abc", "issued no")):
        for decision in ("resume", "revoke"):
            with pytest.raises(CommandError, match=reason):
                run("lineage", decision, serial)
    assert record_of(certificate).revoked_at is None


@pytest.mark.clause("RFC 7030 §3.3.2")
def test_of_keys_that_renew_one_certificate_over_connections_at_once_one_gets_a_successor(
    authority: RunningAuthority, tmp_path: Path
) -> None:
    subject, names = "CN=forked,O=Partner Ltd,C=GB", [x509.DNSName("forked.example")]
    secret = authority.admit("forked", subject, "forked.example")
    key = new_key()
    (tmp_path / "first.b64").write_bytes(encoded(csr(key, subject, names)))
    assert curl(authority, tmp_path, "simpleenroll", "--user", f"forked:{secret}", *send("first.b64")) == 200
    write(tmp_path, "own", key, answered(tmp_path))
    present, trail = ["--cert", tmp_path / "own.pem", "--key", tmp_path / "own.key"], authority.trail
    folders = [tmp_path / str(number) for number in range(6)]
    for folder in folders:
        folder.mkdir()
        (folder / "next.b64").write_bytes(encoded(csr(new_key(), subject, names)))
    with ThreadPoolExecutor(len(folders)) as racing:
        statuses = list(
            racing.map(
                lambda folder: curl(authority, folder, "simplereenroll", *present, *send("next.b64")), folders
            )
        )
    assert sorted(statuses) == [200] + [403] * (len(folders) - 1)
    assert {each.get("rule") for each in trail.events() if each["event"] == "est.simplereenroll"} == {
        None,
        "renewal.forked",
    }
    assert ALARM in (each.stem for each in (authority.state / "alarms").glob("*.json"))
    serial = f"{answered(folders[statuses.index(200)]).serial_number:x}"
    manage(authority.state, "lineage", "revoke", serial)
    assert not (authority.state / "alarms" / f"{ALARM}.json").exists()


def answered(folder: Path) -> x509.Certificate:
    (certificate,) = pkcs7.load_der_pkcs7_certificates(base64.b64decode((folder / "answer").read_bytes()))
    return certificate
