"""The authority's own certificate: issued locally, renewed by the machinery that everybody uses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from pytest_django import Settings

from ca.authority.hierarchy import Hierarchy
from ca.celery import app
from ca.register import configuration
from ca.register.models import IssuedCertificate, serial_text
from ca.status.delegation import own_issuer
from operations.certificates.stores import DeclaredStore
from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.enrolment import ensure_generation
from sender_constraint.certificates.renewal import Action
from tests.ca.material import MovedClock

pytestmark = pytest.mark.usefixtures("db", "hierarchy")


@pytest.fixture
def declared(tmp_path: Path) -> DeclaredStore:
    names = RequestedNames("CN=ca,O=Scheme Operator,C=GB", ("localhost", "ca"))
    return DeclaredStore("server", tmp_path / "server", "ca", names, tmp_path / "server.secret")


def test_it_is_issued_without_a_secret_and_renewed_when_due(
    declared: DeclaredStore, clock: MovedClock, hierarchy: Hierarchy
) -> None:
    declared.secret_file.write_text("a launcher delivered one, as to everybody")
    enrolled = ensure_generation(declared.store, own_issuer(declared), clock)
    assert enrolled.action is Action.ENROLLED
    assert enrolled.generation is not None
    assert enrolled.generation.chain[1] == hierarchy.issuing.certificate
    names = enrolled.generation.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.value.get_values_for_type(x509.DNSName) == ["localhost", "ca"]
    assert not declared.secret_file.exists()
    assert ensure_generation(declared.store, own_issuer(declared), clock).action is Action.NOT_DUE

    clock.move(hours=20)
    renewed = ensure_generation(declared.store, own_issuer(declared), clock)
    assert renewed.action is Action.RENEWED
    assert renewed.generation is not None
    record = IssuedCertificate.objects.get(serial=serial_text(renewed.generation.certificate))
    assert record.replaces is not None
    assert record.replaces.serial == serial_text(enrolled.generation.certificate)


@pytest.mark.parametrize("days", [2, 400])
def test_it_comes_back_after_any_sleep(declared: DeclaredStore, clock: MovedClock, days: int) -> None:
    ensure_generation(declared.store, own_issuer(declared), clock)
    clock.move(days=days)
    outcome = ensure_generation(declared.store, own_issuer(declared), clock)
    assert outcome.action in {Action.RENEWED, Action.ENROLLED}
    assert outcome.generation is not None
    assert outcome.generation.not_after > clock.now


def test_it_is_issued_anew_where_the_register_was_lost(declared: DeclaredStore, clock: MovedClock) -> None:
    ensure_generation(declared.store, own_issuer(declared), clock)
    IssuedCertificate.objects.all().delete()
    clock.move(hours=20)
    assert ensure_generation(declared.store, own_issuer(declared), clock).action is Action.RENEWED


def test_without_an_authority_it_fails_with_the_reason(
    declared: DeclaredStore, settings: Settings, tmp_path: Path
) -> None:
    settings.KEYS_DIR = tmp_path / "none"
    outcome = ensure_generation(declared.store, own_issuer(declared))
    assert outcome.action is Action.FAILED
    assert "authority" in str(outcome.error)


def test_the_worker_looks_at_it_every_so_often(settings: Settings) -> None:
    app.loader.import_default_modules()
    for task in settings.BACKGROUND_TASKS:
        assert task.celery_name in app.tasks
        assert app.conf.beat_schedule[task.celery_name]["schedule"] == settings.RENEWAL_CHECK_SECONDS
    assert f"{own_issuer.__module__}.{own_issuer.__name__}" == settings.CERTIFICATE_ISSUER


def test_the_clock_of_the_service_is_the_one_on_the_wall() -> None:
    assert abs(configuration.utc_now() - datetime.now(UTC)) < timedelta(seconds=5)
