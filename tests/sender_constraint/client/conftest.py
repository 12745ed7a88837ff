from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.transport import open_pool
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.client.bank import Bank
from tests.sender_constraint.tls_server import TLSServer


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> GenerationStore:
    return GenerationStore(tmp_path / "certificates" / "client")


@pytest.fixture
def generation(authority: Authority, store: GenerationStore) -> Generation:
    return authority.publish(store)


@pytest.fixture
def bank() -> Bank:
    return Bank()


@pytest.fixture
def server(authority: Authority, bank: Bank) -> Iterator[TLSServer]:
    with TLSServer(authority.server_context(), bank) as running:
        bank.origin = running.origin
        yield running


@pytest.fixture
def pool(authority: Authority, generation: Generation) -> Iterator[httpx.Client]:
    with open_pool(generation, authority.trust_bundle) as opened:
        yield opened


@pytest.fixture
def retries() -> Retries:
    """Does not wait between attempts, and makes three at most."""
    return Retries(RetryPolicy(attempts=3), sleep=lambda _seconds: None)
