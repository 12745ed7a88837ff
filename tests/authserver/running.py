"""The authorization server in processes of its own, and callers over real TLS connections."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.csr import private_key_pem
from sender_constraint.certificates.generations import GenerationStore
from tests.sender_constraint.pki import SERVER, Issued, Scheme, issue, make_scheme
from tests.sender_constraint.responder import Responder
from tests.sender_constraint.scheme_status import SchemeStatus
from tests.waiting import eventually

PATIENCE_SECONDS = 30
HOUR = timedelta(hours=1)


def issue_now(issuer: Issued | None, **changes: Any) -> Issued:
    """A certificate that is valid now, but for what is changed."""
    now = datetime.now(UTC)
    return issue(issuer, **{"not_before": now - HOUR, "not_after": now + HOUR, **changes})


@dataclass(frozen=True)
class Answer:
    """What one call got, on the wire and in the audit trail."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]
    event: dict[str, Any]

    def verdict(self) -> tuple[int, str | None, str | None]:
        """Status, error and recorded rule."""
        return self.status, self.body.get("error"), self.event.get("rule")


class RunningServer:
    """A gunicorn that serves the authorization server as in production; a state directory of its own.

    responder: of the authority. statuses: what it says of certificates.
    """

    def __init__(self, root: Path, responder: Responder) -> None:
        self.scheme: Scheme = make_scheme()
        self.statuses = responder.reply = SchemeStatus(self.scheme)
        self.port = _free_port()
        self._root = root
        self._state = root / "authserver"
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
            "STATE_DIR": str(self._state),
            "BIND": f"127.0.0.1:{self.port}",
            "ISSUER": f"https://localhost:{self.port}",
            "LOG_LEVEL": "ERROR",
            "DEMO": "1",
            "OCSP_URL": responder.url,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self, *clients: Mapping[str, Any]) -> None:
        """What launcher and operator do: trust bundle, certificate, ``prepare``, ``register_client``."""
        bundle = self._root / "public" / "trust-bundle.pem"
        bundle.parent.mkdir()
        bundle.write_bytes(self.scheme.root.pem + self.scheme.issuing.pem)
        server = issue_now(
            self.scheme.issuing,
            subject="authserver",
            usages=SERVER,
            alternative_names=[x509.DNSName("localhost")],
        )
        store = GenerationStore(self._state / "certificates" / "server")
        store.publish(private_key_pem(server.key), server.pem + self.scheme.issuing.pem, datetime.now(UTC))
        self.manage("prepare")
        for client in clients:
            self.manage("register_client", "-", stdin=json.dumps(client).encode())

    def manage(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """The output of a management command."""
        command = [sys.executable, str(REPOSITORY / "authserver" / "manage.py"), *arguments]
        return subprocess.run(
            command,
            env=self._environment,
            input=stdin,
            check=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        ).stdout

    def start(self) -> None:
        """Start, and wait until it is healthy."""
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "authserver/gunicorn.conf.py",
            "authserver.wsgi:application",
        ]
        with (self._root / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, cwd=REPOSITORY, stdout=log, stderr=log
            )
        eventually(self._answers, (self._root / "log").read_text)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._root / "log").read_text()
        with contextlib.suppress(ConnectionRefusedError), contextlib.closing(self._connect(())) as connection:
            connection.request("GET", "/health")
            return connection.getresponse().status == http.client.OK
        return False

    @property
    def signing_keys(self) -> Path:
        """Where its signing keys are."""
        return self._state / "keys"

    @property
    def issuer(self) -> str:
        """Its identifier."""
        return self._environment["ISSUER"]

    @property
    def trust_bundle(self) -> Path:
        """The PEM file of the scheme's authorities."""
        return self._root / "public" / "trust-bundle.pem"

    def stop(self) -> str:
        """Stop, and return the log."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(PATIENCE_SECONDS)
        return (self._root / "log").read_text()

    def asks(
        self,
        chain: Sequence[Issued],
        body: bytes,
        *,
        method: str = "POST",
        content_type: str = "application/x-www-form-urlencoded",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request to the token endpoint, on a connection of its own with these certificates."""
        connection = self._connect(chain)
        with contextlib.closing(connection):
            connection.request(method, "/token", body, {"Content-Type": content_type, **(headers or {})})
            peer = connection.sock.getsockname()
            response = connection.getresponse()
            content = json.loads(response.read())
        return Answer(response.status, dict(response.headers), content, self._event(f"{peer[0]}:{peer[1]}"))

    def _connect(self, chain: Sequence[Issued]) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=str(self._root / "public" / "trust-bundle.pem"))
        if chain:
            file = self._root / "caller.pem"
            file.write_bytes(private_key_pem(chain[0].key) + b"".join(each.pem for each in chain))
            context.load_cert_chain(file)
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=PATIENCE_SECONDS, context=context
        )
        connection.connect()
        return connection

    def _event(self, peer: str) -> dict[str, Any]:
        """The decision about the request from this address."""
        lines = (self._state / "audit" / "audit.jsonl").read_text().splitlines()
        events = [json.loads(line) for line in lines]
        decisions = [each for each in events if each.get("peer") == peer and each["outcome"] != "recorded"]
        return dict(decisions[-1])  # a port may have been somebody else's before


def running(root: Path, *clients: Mapping[str, Any]) -> Iterator[RunningServer]:
    """A server with these clients beside the demo's, for as long as the iterator lives."""
    with Responder() as responder:
        server = RunningServer(root, responder)
        server.prepare(*clients)
        try:
            server.start()
            yield server
        finally:
            log = server.stop()
    assert "Traceback" not in log, log


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
