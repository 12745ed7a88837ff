"""Revocation over real sockets: how soon everybody refuses, and what happens while nobody can be asked."""

import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.calling import APICaller, TokenCaller
from tests.e2e.minting import Mint
from tests.e2e.registering import manage
from tests.e2e.second_service import SecondService, own_configuration
from tests.e2e.verdict import Verdict
from tests.sender_constraint.pki import Issued
from tests.waiting import PATIENCE_SECONDS, eventually
from workshop.calls import Call
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.open_connection import OpenConnection
from workshop.story.partner import FORM
from workshop.story.stage import Stage
from workshop.wire import Exchange

PROMISE_SECONDS = 5
REVOKED = (401, "certificate.revoked")


@dataclass
class Way:
    """One way to call, and what came of it: ``last_served`` and ``first_refused`` are wall-clock seconds."""

    call: Callable[[], Exchange]
    last_served: float = 0.0
    first_refused: float | None = None
    verdicts: set[tuple[int | None, str | None]] = field(default_factory=set)

    def go(self, stage: Stage) -> Exchange:
        sent_at = time.time()
        exchange = self.call()
        if exchange.status == 200:
            self.last_served = sent_at
        else:
            self.first_refused = self.first_refused or time.time()
            self.verdicts.add((exchange.status, stage.audit.about(exchange).rule))
        return exchange


@pytest.fixture
def certificate(mint: Mint) -> Issued:
    """One of the partner's that only this test has, and may lose."""
    return mint.certificate()


@pytest.fixture
def ways(stage: Stage, deployment: Deployment, mint: Mint, certificate: Issued) -> Iterator[dict[str, Way]]:
    """To token endpoint and API, on new connections and on open ones, with a token that was issued before."""
    credentials = mint.credentials(certificate)
    clients = TokenCaller(stage.wire, f"{deployment.issuer}/token", credentials)
    token = str(clients.asks().json()["access_token"])
    api = APICaller(stage.wire, deployment.api_url, credentials, token)
    reading = Call("GET", f"{deployment.api_url}/accounts", token, credentials)
    asking = Call("POST", clients.url, None, credentials, tuple(FORM.items()), clients.body())
    with contextlib.ExitStack() as stack:

        def open_to(origin: str) -> OpenConnection:
            connection = OpenConnection(deployment.trust_bundle, origin, credentials)
            stack.callback(connection.close)
            return connection

        to_issuer, to_api = open_to(deployment.issuer), open_to(deployment.api_url)
        ways = {
            "token endpoint, new connections": Way(clients.asks),
            "token endpoint, open connection": Way(lambda: to_issuer.send(asking)),
            "API, new connections": Way(api.gets),
            "API, open connection": Way(lambda: to_api.send(reading)),
        }
        for name, way in ways.items():
            assert way.go(stage).status == 200, name
        yield ways


@pytest.fixture
def authority(environment: Environment) -> Iterator[Environment]:
    """The environment, whose authority answers again when the test is over."""
    try:
        yield environment
    finally:
        if "ca-public" not in environment.process_ids():
            environment.start_program("ca-public")


def revoke(deployment: Deployment, issued: Issued) -> float:
    """Revoke with the operator's command; since when the register says so, in wall-clock seconds."""
    serial = f"{issued.certificate.serial_number:x}"
    command = [sys.executable, "-m", "workshop.environment.management", "ca", "revoke", serial]
    assert "Revoked" in manage(deployment, "ca", [*command, "--reason", "keyCompromise"])
    return revoked_since(deployment, serial)


def revoked_since(deployment: Deployment, serial: str) -> float:
    """Since when the register says that a certificate is revoked, in wall-clock seconds."""
    register = sqlite3.connect(deployment.states["ca"] / "database.sqlite3", timeout=PATIENCE_SECONDS)
    with contextlib.closing(register) as connection:
        select = "SELECT revoked_at FROM register_issuedcertificate WHERE serial = ?"
        (revoked_at,) = connection.execute(select, (serial,)).fetchone()
    return datetime.fromisoformat(revoked_at).replace(tzinfo=UTC).timestamp()


def alarm(deployment: Deployment, service: str = "bank_api") -> dict[str, Any]:
    """The alarm that stands; empty if none does."""
    file = deployment.states[service] / "alarms" / "certificate-status.json"
    try:
        standing: dict[str, Any] = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    return standing


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_a_revoked_caller_is_refused_everywhere_within_the_promised_seconds(
    stage: Stage,
    deployment: Deployment,
    certificate: Issued,
    ways: dict[str, Way],
    other_api: APICaller,
) -> None:
    with ThreadPoolExecutor(1) as pool:
        revoking = pool.submit(revoke, deployment, certificate)  # while everybody calls
        deadline = time.time() + PATIENCE_SECONDS
        while not revoking.done() or not all(way.first_refused for way in ways.values()):
            assert time.time() < deadline
            for way in ways.values():
                way.go(stage)
            assert other_api.gets().status == 200  # it is nobody else's certificate
    revoked_at = revoking.result()
    while time.time() < revoked_at + PROMISE_SECONDS:
        for way in ways.values():
            way.go(stage)
    for _ in range(5):
        assert all(way.go(stage).status == 401 for way in ways.values())

    for name, way in ways.items():
        assert way.verdicts == {REVOKED}, name
        assert way.first_refused is not None
        measured = max(way.last_served, way.first_refused) - revoked_at
        print(f"{name}: refused {measured:.2f} s after the revocation")
        assert way.last_served - revoked_at < PROMISE_SECONDS, name
        assert way.first_refused - revoked_at < PROMISE_SECONDS, name


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_a_refusal_says_inside_when_and_why_it_was_revoked(
    stage: Stage, deployment: Deployment, mint: Mint, certificate: Issued, verdict: Verdict
) -> None:
    credentials = mint.credentials(certificate)
    token = mint.token(certificate.der)
    revoked_at = revoke(deployment, certificate)  # before anybody asked: the first answer says so

    clients = TokenCaller(stage.wire, f"{deployment.issuer}/token", credentials)
    api = APICaller(stage.wire, deployment.api_url, credentials, token)
    for event in (
        verdict.refused(clients.asks(), *(401, "invalid_client", "certificate.revoked")),
        verdict.challenged(api.gets(), *(401, "invalid_token", "certificate.revoked")),
    ):
        assert event["detail"]["reason"] == "keyCompromise"
        assert event["detail"]["serial"] == f"{certificate.certificate.serial_number:x}"
        said = datetime.fromisoformat(event["detail"]["revoked_at"]).timestamp()
        assert abs(said - revoked_at) <= 1


@pytest.mark.clause("RFC 6960 §2.2")
def test_a_certificate_that_the_authority_does_not_know_is_refused_though_its_key_signed_it(
    stage: Stage, deployment: Deployment, mint: Mint, verdict: Verdict
) -> None:
    unknown = mint.unregistered(mint.scheme.issuing)
    credentials = mint.credentials(unknown)
    clients = TokenCaller(stage.wire, f"{deployment.issuer}/token", credentials)
    verdict.refused(clients.asks(), 401, "invalid_client", "certificate.status-unknown")
    api = APICaller(stage.wire, deployment.api_url, credentials, mint.token(unknown.der))
    verdict.challenged(api.gets(), 401, "invalid_token", "certificate.status-unknown")


@pytest.mark.clause("RFC 6960 §3.2")
def test_with_the_authority_away_callers_are_refused_after_the_promise_and_served_again_without_help(
    stage: Stage,
    deployment: Deployment,
    authority: Environment,
    ways: dict[str, Way],
    other_api: APICaller,
    verdict: Verdict,
) -> None:
    authority.stop_program("ca-public")
    stopped_at = time.time()

    while not all(way.first_refused for way in ways.values()):
        assert time.time() < stopped_at + PATIENCE_SECONDS
        for way in ways.values():
            way.go(stage)
    for name, way in ways.items():
        assert way.last_served - stopped_at < PROMISE_SECONDS, name
        assert way.verdicts == {(503, "certificate.status-stale")}, name
        began = time.monotonic()
        exchange = way.go(stage)
        assert time.monotonic() - began < 1, name  # nobody waits for what is known to be away
        assert exchange.headers["retry-after"] == "1"
    event = verdict.problem(other_api.gets(), 503, "certificate.status-stale")
    assert event["detail"]["promise_seconds"] == PROMISE_SECONDS
    assert "ocsp" in event["detail"]["problem"]
    for service in ("authserver", "bank_api"):
        assert alarm(deployment, service)["level"] == "critical"

    authority.start_program("ca-public")
    for name, way in ways.items():
        eventually(lambda way=way: way.go(stage).status == 200, name)  # type: ignore[misc]
    eventually(lambda: other_api.gets().status == 200, "the other partner")
    for service in ("authserver", "bank_api"):
        eventually(lambda service=service: not alarm(deployment, service), service)  # type: ignore[misc]


def test_in_grace_an_outage_is_survived_and_an_alarm_says_so(
    stage: Stage, deployment: Deployment, authority: Environment, mint: Mint, tmp_path: Path
) -> None:
    certificate = mint.certificate()
    variables = {"REVOCATION_SECONDS": "1", "STATUS_GRACE_SECONDS": "60"}
    bank = SecondService.start(
        deployment, "bank_api", own_configuration("bank_api"), variables, tmp_path / "log"
    )
    try:
        bank.wait_until_healthy(deployment.trust_bundle)
        token = mint.token(certificate.der)
        api = APICaller(stage.wire, bank.origin, mint.credentials(certificate), token)
        assert api.gets().status == 200

        authority.stop_program("ca-public")

        def told() -> bool:
            assert api.gets().status == 200
            return alarm(deployment).get("level") == "warning"

        eventually(told, lambda: alarm(deployment))
        authority.start_program("ca-public")

        def well() -> bool:
            assert api.gets().status == 200
            return not alarm(deployment)

        eventually(well, lambda: alarm(deployment))
    finally:
        bank.stop()
