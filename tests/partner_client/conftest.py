from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from partner_client.banking.client import BankingClient
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.django import audit
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.client.bank import Bank
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


@pytest.fixture
def generation(authority: Authority, store: GenerationStore) -> Generation:
    return authority.publish(store)


@pytest.fixture
def bank_server() -> Bank:
    return Bank()


@pytest.fixture
def server(
    authority: Authority,
    bank_server: Bank,
    settings: Settings,
    generation: Generation,  # noqa: ARG001 - first
) -> Iterator[TLSServer]:
    """A bank that the partner's settings name, once the partner has a certificate."""
    with TLSServer(authority.server_context(), bank_server) as running:
        bank_server.origin = running.origin
        settings.ISSUER = settings.API_URL = settings.RESOURCE = running.origin
        settings.TRUST_BUNDLE = authority.trust_bundle
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
    audit.trail.cache_clear()
    yield Trail(tmp_path / "audit" / "audit.jsonl").events
    audit.trail.cache_clear()
