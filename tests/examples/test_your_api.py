"""An API that existed before, and the diff that puts the library in front of it: over real TLS."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from sender_constraint.certificates.placed import PlacedFiles
from sender_constraint.server.environment import REPOSITORY
from sender_constraint.thumbprints import certificate_thumbprint
from tests.examples.installed import Installed
from tests.foreign.authorization_server import ForeignServer, Habits, placed, responder_of
from tests.sender_constraint.responder import Responder
from tests.waiting import eventually
from workshop.environment.ports import free_port
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange, Wire

EXAMPLE = REPOSITORY / "examples" / "your-api"
DIFF = EXAMPLE / "sender-constraint.diff"
RESOURCE = "https://orders.example"
LONGEST_DIFF = 20


class Orders:
    """The API, running, and those who call it."""

    def __init__(self, folder: Path, port: int, issuer: ForeignServer, wire: Wire) -> None:
        self.state = folder / "state"
        self.origin = f"https://localhost:{port}"
        self.issuer = issuer
        self._wire = wire

    def get(
        self, token: str | None, credentials: Credentials = NO_CREDENTIALS, method: str = "GET"
    ) -> Exchange:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self._wire.send(method, f"{self.origin}/orders", credentials, headers=headers)

    def recorded(self, exchange: Exchange) -> dict[str, Any]:
        """The event of a call in the audit trail."""
        lines = (self.state / "audit" / "audit.jsonl").read_text().splitlines()
        events = (json.loads(line) for line in lines)
        (event,) = (each for each in events if each.get("correlation_id") == exchange.correlation_id)
        return dict(event)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForeignServer]:
    with ForeignServer(tmp_path_factory.mktemp("issuer"), Habits(audience=RESOURCE)).running() as running:
        yield running


@pytest.fixture(scope="module")
def responder(issuer: ForeignServer) -> Iterator[Responder]:
    with responder_of(issuer.authority) as running:
        yield running


@pytest.fixture(scope="module")
def partner(issuer: ForeignServer, tmp_path_factory: pytest.TempPathFactory) -> PlacedFiles:
    return placed(issuer.authority, tmp_path_factory.mktemp("partner"), "partner")


@pytest.fixture(scope="module")
def thief(issuer: ForeignServer, tmp_path_factory: pytest.TempPathFactory) -> PlacedFiles:
    return placed(issuer.authority, tmp_path_factory.mktemp("thief"), "thief")


@contextmanager
def served(
    folder: Path, issuer: ForeignServer, responder: Responder, installed: Installed, *, patched: bool
) -> Iterator[Orders]:
    """The API as it was, or after the diff, with the wheel of the library beside it."""
    copy = folder / "orders"
    shutil.copytree(EXAMPLE, copy)
    if patched:
        subprocess.run(["patch", "-p1", "--input", DIFF], cwd=copy, check=True, capture_output=True)
    certificate = placed(issuer.authority, folder, "orders-server", server=True)
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "for this test alone",
        "BIND": f"127.0.0.1:{port}",
        "ISSUER": issuer.issuer,
        "JWKS_URL": issuer.jwks_url,
        "RESOURCE": RESOURCE,
        "TRUST_BUNDLE": str(issuer.authority.trust_bundle),
        "OCSP_URL": responder.url,
        "SERVER_CERTIFICATE_FILE": str(certificate.certificate),
        "SERVER_KEY_FILE": str(certificate.private_key),
        "STATE_DIR": str(folder / "state"),
    }
    log = folder / "gunicorn.log"
    with log.open("w") as output:
        running = subprocess.Popen(
            [installed.python, "-m", "gunicorn", "--config", "gunicorn.conf.py", "orders.wsgi"],
            cwd=copy,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        orders = Orders(folder, port, issuer, Wire(issuer.authority.trust_bundle))
        eventually(lambda: _answers(orders, running), log.read_text)
        yield orders
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def _answers(orders: Orders, running: subprocess.Popen[bytes]) -> bool:
    assert running.poll() is None, "the server ended"
    try:
        return orders.get(None).status is not None
    except OSError:
        return False


@pytest.fixture(scope="module")
def before(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
) -> Iterator[Orders]:
    with served(tmp_path_factory.mktemp("before"), issuer, responder, installed, patched=False) as running:
        yield running


@pytest.fixture(scope="module")
def after(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
) -> Iterator[Orders]:
    with served(tmp_path_factory.mktemp("after"), issuer, responder, installed, patched=True) as running:
        yield running


@pytest.fixture
def token(issuer: ForeignServer, partner: PlacedFiles) -> str:
    """The partner's."""
    return issuer.token(certificate_thumbprint(_der(partner)))


def test_the_diff_has_at_most_twenty_lines() -> None:
    lines = [line for line in DIFF.read_text().splitlines() if not line.startswith(("+++", "---"))]
    changed = [line for line in lines if line.startswith(("+", "-"))]
    assert 0 < len(changed) <= LONGEST_DIFF


def test_before_it_a_stolen_token_works(before: Orders, token: str) -> None:
    stolen = before.get(token)
    assert (stolen.status, stolen.json()) == (200, {"orders": ["order-1", "order-2"]})


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_the_partner_calls_on_as_before(after: Orders, token: str, partner: PlacedFiles) -> None:
    answer = after.get(token, _credentials(partner))
    assert (answer.status, answer.json()) == (200, {"orders": ["order-1", "order-2"]})


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_a_stolen_token_is_refused_for_its_reason(
    after: Orders, token: str, thief: PlacedFiles
) -> None:
    for credentials, rule in (
        (NO_CREDENTIALS, "binding.certificate-missing"),
        (_credentials(thief), "binding.certificate"),
    ):
        refused = after.get(token, credentials)
        assert (refused.status, refused.error) == (401, "invalid_token")
        assert refused.headers["www-authenticate"].startswith('Bearer realm="https://orders.example"')
        assert after.recorded(refused)["rule"] == rule


@pytest.mark.clause("RFC 8705 §3")
def test_after_it_an_unbound_token_is_refused(
    after: Orders, issuer: ForeignServer, partner: PlacedFiles
) -> None:
    refused = after.get(issuer.token(None), _credentials(partner))
    assert (refused.status, refused.error) == (401, "invalid_token")
    assert after.recorded(refused)["rule"] == "binding.unbound"


@pytest.mark.clause("RFC 6750 §3.1")
def test_after_it_the_scope_of_a_view_is_demanded_still(
    after: Orders, issuer: ForeignServer, partner: PlacedFiles
) -> None:
    other = issuer.token(certificate_thumbprint(_der(partner)), scope="something else")
    refused = after.get(other, _credentials(partner))
    assert (refused.status, refused.error) == (403, "insufficient_scope")


def test_after_it_the_api_answers_its_own_errors_as_before(
    after: Orders, token: str, partner: PlacedFiles
) -> None:
    posted = after.get(token, _credentials(partner), "POST")
    assert (posted.status, posted.json()) == (405, {"detail": 'Method "POST" not allowed.'})


def test_a_certificate_that_is_put_in_place_is_served_without_a_restart(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed
) -> None:
    with served(tmp_path, issuer, responder, installed, patched=True) as orders:
        generations = orders.state / "certificates" / "server" / "generations"
        assert len(list(generations.iterdir())) == 1
        placed(issuer.authority, tmp_path, "orders-server", server=True)
        eventually(lambda: len(list(generations.iterdir())) == 2, "no new generation")
        assert orders.get(None).status == 401


def _credentials(files: PlacedFiles) -> Credentials:
    return Credentials(files.certificate, files.private_key)


def _der(files: PlacedFiles) -> bytes:
    return x509.load_pem_x509_certificate(files.certificate.read_bytes()).public_bytes(Encoding.DER)
