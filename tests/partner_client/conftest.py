from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from pytest_django import Settings

from operations.alarms.service import alarms
from operations.audit.trail import trail
from operations.tasks.background import ledger
from partner_client.banking.client import BankingClient
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.core.revocation import CertificateStatus, State
from sender_constraint.django import status
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.client.bank import Bank
from tests.sender_constraint.ocsp_answers import OcspAnswers
from tests.sender_constraint.responder import Responder
from tests.sender_constraint.tls_server import TLSServer
from tests.trail import Trail


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(autouse=True)
def store(settings: Settings, tmp_path: Path) -> GenerationStore:
    """The partner's store, empty, in a folder of this test."""
    declared = settings.CERTIFICATE_STORES["client"]
    path, secret = tmp_path / "certificates" / "client", tmp_path / "enrolment" / "client.secret"
    settings.CERTIFICATE_STORES = {"client": replace(declared, path=path, secret_file=secret)}
    return GenerationStore(path)


@pytest.fixture(autouse=True)
def state(settings: Settings, tmp_path: Path) -> Iterator[None]:
    """Alarms and the record of background tasks, empty, in a folder of this test."""
    settings.STATE_DIR = tmp_path / "state"
    for cached in (alarms, ledger):
        cached.cache_clear()
    yield
    for cached in (alarms, ledger):
        cached.cache_clear()


@pytest.fixture(autouse=True)
def own_status(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """What is said of the partner's certificate, and of who issued it: they are good."""
    book = Mock()
    book.status_of.return_value = CertificateStatus(State.GOOD, None, None, 0)
    for module in ("renewal", "issuers"):
        monkeypatch.setattr(f"operations.certificates.{module}.certificate_status", lambda: book)
    return book


@pytest.fixture
def generation(authority: Authority, store: GenerationStore) -> Generation:
    return authority.publish(store)


@pytest.fixture
def bank_server() -> Bank:
    return Bank()


@pytest.fixture
def statuses(authority: Authority) -> OcspAnswers:
    return OcspAnswers(authority)


@pytest.fixture
def server(
    authority: Authority,
    bank_server: Bank,
    settings: Settings,
    generation: Generation,  # noqa: ARG001 - first
    statuses: OcspAnswers,
) -> Iterator[TLSServer]:
    """A bank that the partner's settings name, once the partner has a certificate; it is in good standing."""
    with TLSServer(authority.server_context(), bank_server) as running, Responder(statuses) as responder:
        settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"OCSP_URL": responder.url}
        status.certificate_status.cache_clear()
        bank_server.origin = running.origin
        settings.ISSUER = settings.API_URL = settings.RESOURCE = running.origin
        settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": authority.trust_bundle}
        yield running


@pytest.fixture
def banking(server: TLSServer, store: GenerationStore, authority: Authority) -> Iterator[BankingClient]:
    caller_settings = CallerSettings(server.origin, TokenRequest("partner"), authority.trust_bundle)
    retries = Retries(RetryPolicy(attempts=3), sleep=lambda _seconds: None)
    with Caller(store, caller_settings, retries=retries) as caller:
        yield BankingClient(caller, server.origin)


@pytest.fixture
def audited(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the trail of this test holds."""
    settings.AUDIT_DIR = tmp_path / "audit"
    trail.cache_clear()
    alarms.cache_clear()
    yield Trail(tmp_path / "audit" / "audit.jsonl").events
    trail.cache_clear()
