"""The servers' certificates turn, and are revoked, under callers that hold their connections open."""

import http.client
import json
import ssl
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.ocsp_cache import OCSPCache
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.errors import ServerRefused, WaitingForStatus
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.core.errors import Refusal
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.e2e.registering import manage
from tests.stapled import stapled
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports

LIFETIME_SECONDS = 30
PATIENCE_SECONDS = 60.0
PROMISE_SECONDS = 5
CONNECTIONS = 3
REQUESTS_AFTERWARDS = 20

SERVERS = ("ca", "authserver", "bank_api")
PARTICIPANTS = {"authserver": "authserver", "bank_api": "bank-api"}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """One of its own: certificates turn, and are revoked."""
    root = tmp_path_factory.mktemp("servers")
    with Environment(root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True) as running:
        yield running


@pytest.fixture(scope="module")
def deployment(environment: Environment) -> Deployment:
    return environment.deployment


class Held:
    """A connection that stays open. thumbprint: of the certificate that it was made with."""

    def __init__(self, deployment: Deployment, server: str) -> None:
        origin = urlsplit(origin_of(deployment, server))
        context = ssl.create_default_context(cafile=str(deployment.trust_bundle))
        self.connection = http.client.HTTPSConnection(
            str(origin.hostname), origin.port, timeout=20, context=context
        )
        self.connection.connect()
        self.socket = self.connection.sock
        self.thumbprint = self._thumbprint()

    def goes_on(self) -> bool:
        """Whether one more request is answered, on this very connection and under its certificate."""
        self.connection.request("GET", "/health")
        response = self.connection.getresponse()
        response.read()
        same = self.connection.sock is self.socket and self._thumbprint() == self.thumbprint
        return response.status == 200 and same

    def close(self) -> None:
        self.connection.close()

    def _thumbprint(self) -> str:
        assert isinstance(self.connection.sock, ssl.SSLSocket)
        return certificate_thumbprint(self.connection.sock.getpeercert(binary_form=True) or b"")


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_certificates_of_servers_turn_without_restart_and_without_dropping_a_connection(
    environment: Environment, deployment: Deployment
) -> None:
    before = environment.process_ids()
    held = {server: [Held(deployment, server) for _ in range(CONNECTIONS)] for server in SERVERS}
    failed: list[str] = []

    def all_go_on() -> None:
        for server, connections in held.items():
            failed.extend(server for each in connections if not each.goes_on())

    def all_turned() -> bool:
        all_go_on()
        return all(served_now(deployment, server) != held[server][0].thumbprint for server in SERVERS)

    try:
        eventually(all_turned, "all have turned", seconds=PATIENCE_SECONDS, pause_seconds=0.1)
        for _ in range(REQUESTS_AFTERWARDS):
            all_go_on()
    finally:
        for each in (each for connections in held.values() for each in connections):
            each.close()

    assert failed == []
    assert environment.process_ids() == before
    for server in SERVERS:
        wait_for_staple(deployment, server)
        renewed = [
            event for event in trail(deployment, server) if event["event"] in RENEWED and of_server(event)
        ]
        assert renewed, f"{server} has renewed its certificate itself"


@pytest.mark.clause("RFC 5280 §6.1.3")
@pytest.mark.parametrize("server", ["bank_api", "authserver"])
def test_the_partner_stops_calling_a_revoked_server_in_time_and_comes_back_by_itself(
    deployment: Deployment, server: str
) -> None:
    """On open connections, on new ones, and in a process of its own; until the server has a new line."""
    accounts = f"{deployment.api_url}/accounts"
    refused: list[tuple[str, Refusal]] = []
    with caller_of(deployment, refused) as caller:
        assert call(caller, accounts, server) == 200
        revoke(deployment, server)
        revoked_at = time.monotonic()

        def told_no_more() -> ServerRefused | None:
            try:
                call(caller, accounts, server)
            except ServerRefused as error:
                return error
            return None

        error = eventually(told_no_more, "the server is refused", seconds=PATIENCE_SECONDS)
        assert time.monotonic() - revoked_at < PROMISE_SECONDS + 1
        assert error.refusal.rule.identifier == "certificate.revoked"
        assert error.refusal.detail["reason"] == "keyCompromise"
        assert {refusal.rule.identifier for _, refusal in refused} == {"certificate.revoked"}
        assert {where for where, _ in refused} == {urlsplit(origin_of(deployment, server)).netloc}
        told_at_the_shell(deployment)

        begin_new_line(deployment, server)

        def called_again() -> bool:
            try:
                return call(caller, accounts, server) == 200
            except ServerRefused:
                return False

        eventually(called_again, "the server is called again", seconds=PATIENCE_SECONDS)


@pytest.mark.clause("RFC 6960 §3.2")
def test_the_partner_waits_while_no_status_is_to_be_had_and_goes_on_by_itself(
    environment: Environment, deployment: Deployment
) -> None:
    accounts = f"{deployment.api_url}/accounts"
    refused: list[tuple[str, Refusal]] = []
    with caller_of(deployment, refused) as caller:
        assert caller.request("GET", accounts).status_code == 200
        environment.stop_program("ca-public")

        def waits() -> str | None:
            try:
                caller.request("GET", accounts)
            except WaitingForStatus as error:
                return str(error)
            return None

        try:
            told = eventually(waits, "nothing is sent any more", seconds=PATIENCE_SECONDS)
            assert told.startswith("waiting for certificate status: ")
            # While it is so, nothing at all reaches the bank.
            heard = len(trail(deployment, "bank_api"))
            assert waits() is not None
            assert len(trail(deployment, "bank_api")) == heard
        finally:
            environment.start_program("ca-public")

        def goes_on() -> bool:
            try:
                return caller.request("GET", accounts).status_code == 200
            except WaitingForStatus:
                return False

        eventually(goes_on, "calls go on", seconds=PATIENCE_SECONDS)
    assert {refusal.rule.identifier for _, refusal in refused} == {"certificate.status-stale"}


class Quiet:
    """Alarms of a caller that has none."""

    def raise_alarm(self, name: str, level: str, message: str, **detail: Any) -> None: ...

    def clear_alarm(self, name: str) -> None: ...


def caller_of(deployment: Deployment, refused: list[tuple[str, Refusal]]) -> Caller:
    """The partner, who tries twice."""
    settings = CallerSettings(
        deployment.issuer,
        TokenRequest("partner", "accounts payments", deployment.api_url),
        deployment.trust_bundle,
    )
    book = OCSPCache(f"{deployment.ca_public_url}/ocsp", PROMISE_SECONDS, alarms=Quiet())
    servers = ServerStatus(book, lambda server, refusal: refused.append((server, refusal)))
    store = GenerationStore(deployment.certificate_store("partner_client"))
    return Caller(store, settings, servers=servers, retries=Retries(RetryPolicy(attempts=2)))


def call(caller: Caller, url: str, server: str) -> int:
    """Call the API; with a new token where the authorization server is what matters."""
    if server == "authserver":
        with caller.binding() as binding:
            binding.tokens.discard(binding.tokens.token())
    return caller.request("GET", url).status_code


def revoke(deployment: Deployment, server: str) -> None:
    certificate = GenerationStore(deployment.states[server] / "certificates" / "server").current().certificate
    serial = f"{certificate.serial_number:X}"
    manage(deployment, "ca", [sys.executable, "ca/manage.py", "revoke", serial, "--reason", "keyCompromise"])


def begin_new_line(deployment: Deployment, server: str) -> None:
    """As the operators of both sides do after a revocation: a new one-time secret, and enrolment with it."""
    secret = deployment.states[server] / "enrolment" / "server.secret"
    secret.unlink(missing_ok=True)
    command = ["participant", "secret", PARTICIPANTS[server], "--secret-file", str(secret)]
    manage(deployment, "ca", [sys.executable, "ca/manage.py", *command])
    manage(deployment, server, [sys.executable, f"{server}/manage.py", "enrol"])


def told_at_the_shell(deployment: Deployment) -> None:
    """The partner's own process refuses too, says why, and has it in its trail."""
    with pytest.raises(AssertionError, match="has been revoked"):
        manage(deployment, "partner_client", [sys.executable, "partner_client/manage.py", "accounts"])
    refusals = [each for each in trail(deployment, "partner_client") if each["event"] == "server.certificate"]
    assert refusals[-1]["outcome"] == "refused"
    assert refusals[-1]["rule"] == "certificate.revoked"
    assert refusals[-1]["server"].startswith("localhost:")


RENEWED = ("certificate.renewed", "certificate.enrolled")


def of_server(event: dict[str, Any]) -> bool:
    return bool(event["detail"]["purpose"] == "server" and event["outcome"] == "accepted")


def trail(deployment: Deployment, service: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in deployment.audit_file(service).read_text().splitlines()]


def origin_of(deployment: Deployment, server: str) -> str:
    return {"ca": deployment.ca_url, "authserver": deployment.issuer, "bank_api": deployment.api_url}[server]


def served_now(deployment: Deployment, server: str) -> str:
    held = Held(deployment, server)
    held.close()
    return held.thumbprint


def wait_for_staple(deployment: Deployment, server: str) -> None:
    port = urlsplit(origin_of(deployment, server)).port or 443
    eventually(lambda: stapled(port).der, f"a staple of {server}")
