"""The API of ``examples/your-api``, as it was or after its diff, with the wheel of the library beside it."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.placed import PlacedFiles
from sender_constraint.core.events import LOGGER
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.examples.installed import Installed
from tests.foreign.authorization_server import ForeignServer, placed
from tests.sender_constraint.responder import Responder
from tests.waiting import eventually
from workshop.environment.ports import free_port
from workshop.wire import NO_CREDENTIALS, Credentials, Exchange, Wire

EXAMPLE = REPOSITORY / "examples" / "your-api"
DIFF = EXAMPLE / "sender-constraint.diff"
RESOURCE = "https://orders.example"
SERVE = ("-m", "gunicorn", "--config", "gunicorn.conf.py", "orders.wsgi")


class Orders:
    """The API, running, and those who call it."""

    def __init__(self, folder: Path, port: int, wire: Wire, environment: dict[str, str]) -> None:
        self.code = folder / "orders"
        self.log = folder / "gunicorn.log"
        self.environment = environment
        self.origin = f"https://localhost:{port}"
        self._wire = wire

    def get(
        self, token: str | None, credentials: Credentials = NO_CREDENTIALS, method: str = "GET"
    ) -> Exchange:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self._wire.send(method, f"{self.origin}/orders", credentials, headers=headers)

    def call(self, method: str, path: str) -> Exchange:
        """A call without any credentials."""
        return self._wire.send(method, f"{self.origin}{path}", NO_CREDENTIALS)

    def proven(self, token: str, proof: str | None) -> Exchange:
        """The call with a DPoP-bound token and this proof."""
        headers = {"Authorization": f"DPoP {token}", **({} if proof is None else {"DPoP": proof})}
        return self._wire.send("GET", f"{self.origin}/orders", headers=headers)

    def recorded(self, exchange: Exchange) -> dict[str, Any]:
        """The event of a call in the log."""
        (event,) = (each for each in self.events() if each.get("correlation_id") == exchange.correlation_id)
        return event

    def events(self) -> list[dict[str, Any]]:
        """The events in the log."""
        lines = (line.partition(f" {LOGGER} ")[2] for line in self.log.read_text().splitlines())
        return [json.loads(line) for line in lines if line]

    def set(self, **changes: Any) -> None:
        """Change keys of SENDER_CONSTRAINT in its settings."""
        with (self.code / "orders" / "settings.py").open("a") as settings:
            settings.write(f"\nSENDER_CONSTRAINT |= {changes!r}\n")


@contextmanager
def served(
    folder: Path,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
    *,
    patched: bool,
    reports: bool = False,
    redis_url: str = "none",
) -> Iterator[Orders]:
    """Serve it. patched: after the diff. reports: with report mode on the route of the orders.

    redis_url: of the memory of proofs; none unless a test says otherwise.
    """
    orders = prepared(folder, issuer, responder, patched=patched, reports=reports, redis_url=redis_url)
    # The API itself logs to the same file.
    with orders.log.open("a") as output:
        running = subprocess.Popen(
            [installed.python, *SERVE],
            cwd=orders.code,
            env=orders.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(lambda: _answers(orders, running), orders.log.read_text)
        yield orders
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


def prepared(
    folder: Path,
    issuer: ForeignServer,
    responder: Responder,
    *,
    patched: bool = True,
    reports: bool = False,
    redis_url: str = "none",
) -> Orders:
    """Its code and its settings, as ``served`` takes them."""
    copy = folder / "orders"
    shutil.copytree(EXAMPLE, copy)
    if patched:
        subprocess.run(["patch", "-p1", "--input", DIFF], cwd=copy, check=True, capture_output=True)
    if reports:
        settings = copy / "orders" / "settings.py"
        enforcing, reporting = "BoundTokenAuthentication", "ReportingTokenAuthentication"
        settings.write_text(settings.read_text().replace(enforcing, reporting))
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
        "LOG_FILE": str(folder / "gunicorn.log"),
        "REDIS_URL": redis_url,
    }
    orders = Orders(folder, port, Wire(issuer.authority.trust_bundle), environment)
    if reports:
        orders.set(REPORT_ROUTES=["orders"])
    return orders


def _answers(orders: Orders, running: subprocess.Popen[bytes]) -> bool:
    assert running.poll() is None, "the server ended"
    try:
        return orders.get(None).status is not None
    except OSError:
        return False


def credentials_of(files: PlacedFiles) -> Credentials:
    """What its owner shows in the handshake."""
    return Credentials(files.certificate, files.private_key)


def thumbprint_of(files: PlacedFiles) -> str:
    """``x5t#S256`` (RFC 8705 §3.1)."""
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    return certificate_thumbprint(certificate.public_bytes(Encoding.DER))
