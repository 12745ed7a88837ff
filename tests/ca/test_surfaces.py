"""What is served where: EST over TLS only, public files in the clear; and the numbered checks."""

from pathlib import Path

import pytest
from cryptography import x509
from django.core.checks import Tags, run_checks
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from ca.authority.directory import AuthorityDirectory
from ca.authority.hierarchy import LONGEST_LIFETIME, Hierarchy, create_hierarchy
from ca.checks import TAG
from ca.enrolment import views
from ca.register.configuration import utc_now
from tests.ca.conftest import Admitted
from tests.ca.material import EST, csr, encoded, issued, new_key, post
from tests.trail import Trail, unwritable

pytestmark = pytest.mark.usefixtures("db", "hierarchy")


def test_the_public_surface_has_the_authorities_certificates(
    client: Client, hierarchy: Hierarchy, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "ca.public_urls"
    root = client.get("/roots.pem")
    assert x509.load_pem_x509_certificates(root.content) == [hierarchy.root.certificate]
    assert root.headers["Content-Type"] == "application/pem-certificate-chain"
    pem = client.get("/issuing.pem")
    assert x509.load_pem_x509_certificate(pem.content) == hierarchy.issuing.certificate
    der = client.get("/issuing.der")
    assert x509.load_der_x509_certificate(der.content) == hierarchy.issuing.certificate
    assert der.headers["Content-Type"] == "application/pkix-cert"
    root_der = client.get("/root.der")
    assert x509.load_der_x509_certificate(root_der.content) == hierarchy.root.certificate
    assert client.get("/health").json() == {"status": "ok"}


def test_status_is_on_the_public_surface_alone(client: Client, settings: Settings) -> None:
    paths = ("/ocsp/x", "/issuing.crl", "/root.crl")
    assert [client.get(path).status_code for path in paths] == [404] * 3
    assert client.post("/revoke").status_code == 403
    settings.ROOT_URLCONF = "ca.public_urls"
    assert 404 not in {client.get(path).status_code for path in paths}
    assert client.post("/revoke").status_code == 404


@pytest.mark.parametrize("operation", ["cacerts", "simpleenroll", "simplereenroll"])
def test_est_is_not_on_the_public_surface(client: Client, settings: Settings, operation: str) -> None:
    assert client.get(f"{EST}/{operation}").status_code != 404
    settings.ROOT_URLCONF = "ca.public_urls"
    assert client.get(f"{EST}/{operation}").status_code == 404
    assert client.post(f"{EST}/{operation}").status_code == 404


def test_health_needs_an_authority(client: Client, settings: Settings, tmp_path: Path, trail: Trail) -> None:
    assert client.get("/health").status_code == 200
    settings.KEYS_DIR = tmp_path
    assert client.get("/health").status_code == 503
    assert reason(trail) == ("refused", "service.authority", 503)
    settings.ROOT_URLCONF = "ca.public_urls"
    assert client.get("/roots.pem").status_code == 503


def reason(trail: Trail) -> tuple[str, str, int]:
    event = trail.last()
    return event["outcome"], event["rule"], event["status"]


def test_a_host_that_is_not_ours_is_refused_and_recorded_without_a_traceback(
    client: Client, trail: Trail, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/health", HTTP_HOST="localhost:8440").status_code == 200
    assert client.get("/health", HTTP_HOST="evil.example").status_code == 400
    assert reason(trail) == ("refused", "request.malformed", 400)
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("surface", ["ca.urls", "ca.public_urls"])
def test_what_is_not_there_is_refused_and_recorded(
    client: Client, settings: Settings, trail: Trail, surface: str
) -> None:
    settings.ROOT_URLCONF = surface
    assert client.get("/../keys/authority/root-private-key.pem").status_code == 404
    assert reason(trail) == ("refused", "request.path", 404)
    refused = client.delete("/health")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert reason(trail) == ("refused", "request.method", 405)


@pytest.mark.parametrize(("operation", "method"), [("cacerts", "POST"), ("simpleenroll", "GET")])
def test_an_operation_by_another_method_is_refused_and_recorded(
    client: Client, trail: Trail, operation: str, method: str
) -> None:
    assert client.generic(method, f"{EST}/{operation}").status_code == 405
    assert reason(trail) == ("refused", "request.method", 405)


def test_a_register_that_is_away_is_told_from_a_defect(
    client: Client, monkeypatch: pytest.MonkeyPatch, trail: Trail
) -> None:
    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(views, "authenticate_by_secret", locked)
    answer = client.post(f"{EST}/simpleenroll")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert reason(trail) == ("refused", "service.database", 503)
    assert trail.last()["event"] == "est.simpleenroll"


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_without_an_audit_trail_that_takes_events_no_certificate_is_given_out(
    client: Client, partner: Admitted, trail: Trail
) -> None:
    key = new_key()
    request = encoded(csr(key))

    def enrol() -> HttpResponse:
        return post(client, "simpleenroll", request, authorization=partner.authorization)

    with unwritable(trail.file):
        for answer in (enrol(), enrol()):
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert answer.content == b"The audit trail cannot be written: Is a directory\n"
        assert client.get("/health").status_code == 503
    # The secret is spent on this key: the same request gets the certificate that was not given out.
    assert issued(enrol()).public_key() == key.public_key()
    assert client.get("/health").status_code == 200


def findings() -> list[str]:
    return [str(message.id) for message in run_checks(tags=[TAG, Tags.models, Tags.database])]


def test_the_defaults_pass_all_checks() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("name", "value", "finding"),
    [
        ("CERTIFICATE_LIFETIME_SECONDS", 0, "ca.E001"),
        ("CERTIFICATE_LIFETIME_SECONDS", int(LONGEST_LIFETIME.total_seconds()) + 1, "ca.E001"),
        ("RENEWAL_AFTER_EXPIRY_SECONDS", -1, "ca.E002"),
        ("CERTIFICATE_PROFILE", "fapi2", "ca.E010"),
        ("PUBLIC_ORIGIN", "http://localhost:8440", "ca.E003"),
        ("PUBLIC_ORIGIN", "https://localhost:8440/est", "ca.E003"),
        ("STATUS_ORIGIN", "https://localhost:8480", "ca.E008"),
        ("STATUS_ORIGIN", "http://localhost:8480/status", "ca.E008"),
        ("STATUS_ORIGIN", "", "ca.E008"),
        ("OCSP_VALIDITY_SECONDS", 0, "ca.E009"),
        ("ROOT_STATUS_LIFETIME_SECONDS", -1, "ca.E009"),
        ("CRL_INTERVAL_SECONDS", 24 * 60 * 60, "ca.E009"),
        ("ISSUING_AUTHORITY_LIFETIME_SECONDS", 0, "ca.E010"),
    ],
)
def test_a_setting_that_cannot_be_is_found(
    settings: Settings, name: str, value: object, finding: str
) -> None:
    setattr(settings, name, value)
    assert findings() == [finding]


def test_keys_that_others_may_read_are_found(settings: Settings, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": tmp_path / "none"}
    directory = AuthorityDirectory(tmp_path)
    directory.publish(create_hierarchy(utc_now()))
    assert findings() == []
    directory.private_key_paths()[0].chmod(0o640)
    assert findings() == ["ca.E004"]


def test_a_trust_bundle_that_is_another_authoritys_is_found(settings: Settings, tmp_path: Path) -> None:
    settings.KEYS_DIR = tmp_path
    directory = AuthorityDirectory(tmp_path)
    directory.publish(create_hierarchy(utc_now()))
    assert findings() == ["ca.E005"]
    (directory.path / "root-certificate.pem").unlink()
    assert findings() == ["ca.E006"]
