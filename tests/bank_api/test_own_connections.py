"""Connections with the API's own certificate: those of one generation, and of the next one once it turned."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.django.own_connections import OwnConnections
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.tls_server import Answer, TLSServer


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> GenerationStore:
    return GenerationStore(tmp_path / "certificates" / "client")


@pytest.fixture
def server(authority: Authority) -> Iterator[TLSServer]:
    with TLSServer(authority.server_context(), lambda _: Answer(content={})) as running:
        yield running


@pytest.fixture
def connections(store: GenerationStore, authority: Authority) -> Iterator[OwnConnections]:
    connections = OwnConnections(store, authority.trust_bundle, None)
    yield connections
    connections.close()


def test_each_call_shows_the_generation_that_is_current_and_a_pool_is_kept_while_it_is(
    connections: OwnConnections, store: GenerationStore, authority: Authority, server: TLSServer
) -> None:
    first = authority.publish(store)
    pool = connections.client()
    assert connections.client() is pool
    assert pool.get(server.origin).status_code == 200

    second = authority.publish(store)
    other = connections.client()
    assert other is not pool
    assert other.get(server.origin).status_code == 200

    assert [asked.thumbprint for asked in server.asked] == [first.thumbprint, second.thumbprint]


def test_what_is_in_flight_when_the_certificate_turns_is_finished_and_older_pools_are_closed(
    connections: OwnConnections, store: GenerationStore, authority: Authority, server: TLSServer
) -> None:
    pools = []
    for _ in range(3):
        authority.publish(store)
        pools.append(connections.client())

    assert [pool.is_closed for pool in pools] == [True, False, False]
    assert pools[1].get(server.origin).status_code == 200


def test_without_a_certificate_nobody_is_called(connections: OwnConnections) -> None:
    with pytest.raises(CertificatesError):
        connections.client()
