"""A full disk under the audit trails: what callers are told, and that no service needs a restart."""

import http.client
import json
import ssl
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from operations.audit.audit_trail import INTERRUPTED
from operations.audit.trail_files import trails
from sender_constraint.explanations.search import recent_refusals
from tests.e2e.calling import PAYMENT, APICaller, TokenCaller
from tests.e2e.faults.disks import full
from tests.e2e.faults.observing import level
from tests.e2e.second_service import SecondService, own_configuration
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.wire import Exchange

ALARM = "service-audit-trail"
SERVICES = ("bank_api", "authserver")


@pytest.fixture
def on_the_disk(deployment: Deployment, disk: Path, tmp_path: Path) -> Iterator[dict[str, SecondService]]:
    """API and authorization server whose audit trails lie on a small disk of their own."""
    with ExitStack() as stack:
        started = {}
        for service in SERVICES:
            variables = {"AUDIT_DIR": str(disk / service)}
            log = tmp_path / f"{service}.log"
            second = SecondService.start(deployment, service, own_configuration(service), variables, log)
            stack.callback(second.stop)
            second.wait_until_healthy(deployment.trust_bundle)
            started[service] = second
        yield started


def health(origin: str, trust_bundle: Path) -> tuple[int, bytes]:
    context = ssl.create_default_context(cafile=str(trust_bundle))
    address = urlsplit(origin)
    connection = http.client.HTTPSConnection("localhost", address.port, timeout=20, context=context)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def unavailable(exchange: Exchange) -> None:
    assert exchange.status == 503, exchange.body
    assert exchange.headers["retry-after"] == "1"
    assert b"The audit trail cannot be written: No space left on device" in exchange.body


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_a_full_disk_under_the_trails_is_an_outage_that_says_so_and_ends_by_itself(
    deployment: Deployment,
    on_the_disk: dict[str, SecondService],
    disk: Path,
    api: APICaller,
    token_caller: TokenCaller,
) -> None:
    bank = api.but(url=on_the_disk["bank_api"].origin)
    issuer = token_caller.but(url=f"{on_the_disk['authserver'].origin}/token")
    order = {**PAYMENT, "debtor_account": bank.account()}
    keys = [str(uuid.uuid4()) for _ in range(2)]
    assert issuer.asks().status == 200
    for pages in (0, 1):
        with full(disk, pages):
            for service in SERVICES:
                # Before any call has found out, and whatever room a page leaves for some events more.
                status, body = health(on_the_disk[service].origin, deployment.trust_bundle)
                assert (status, b"No space left on device" in body) == (503, True)
            eventually(lambda: bank.gets().status == 503, "the API has no room for an event")
            eventually(lambda: issuer.asks().status == 503, "the authorization server has none")
            unavailable(bank.gets())
            unavailable(bank.gets("/nowhere"))
            unavailable(bank.pays(order, keys[pages]))
            unavailable(issuer.asks())
            unavailable(issuer.but(client_id="stranger").asks())
            assert {level(deployment, service, ALARM) for service in SERVICES} == {"critical"}
        assert bank.gets().status == 200
        assert issuer.asks().status == 200
        paid = [bank.pays(order, keys[pages]) for _ in range(2)]
        assert [each.status for each in paid] == [201, 201]
        assert paid[0].json() == paid[1].json()
        for service in SERVICES:
            assert health(on_the_disk[service].origin, deployment.trust_bundle)[0] == 200

    for service in SERVICES:
        lines = (disk / service / "audit.jsonl").read_bytes().splitlines()
        events, damaged = [], 0
        for line in filter(None, lines):
            try:
                events.append(json.loads(line))
            except ValueError:
                damaged += 1
        assert damaged <= 4, service
        assert [each["event"] for each in events].count(INTERRUPTED) >= 2
        assert recent_refusals(trails({service: disk / service}), 10).damaged <= damaged
        assert "Traceback" not in on_the_disk[service].log.read_text()

    def well_again() -> bool:
        assert (bank.gets().status, issuer.asks().status) == (200, 200)
        return all(level(deployment, service, ALARM) is None for service in SERVICES)

    eventually(well_again, "the alarms have ended", pause_seconds=0.5)
