"""An OCSP responder for tests, over plain HTTP: a function answers, and may answer wrongly, or not at all."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

Reply = Callable[[ocsp.OCSPRequest], bytes]


class Responder(AbstractContextManager["Responder"]):
    """Serves on a free port of localhost within a with statement.

    reply: what it answers with, DER; a test may replace it at any time.
    """

    def __init__(self, reply: Reply = lambda _request: b"") -> None:
        self.reply = reply
        self.asked: list[ocsp.OCSPRequest] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}/ocsp"

    def __enter__(self) -> "Responder":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        responder = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 20

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = ocsp.load_der_ocsp_request(body)
                responder.asked.append(request)
                content = responder.reply(request)
                self.send_response(200)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Quiet."""

        return Handler


def answer_about(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    *,
    revoked: bool = False,
    began: timedelta = timedelta(),
    lasts: timedelta = timedelta(minutes=5),
    responder: x509.Certificate | None = None,
) -> bytes:
    """What the issuer says of a certificate, DER, from ``began`` before now on.

    key: the issuer's; where ``responder`` is given, that of this certificate.
    """
    now = datetime.now(UTC)
    return (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate,
            issuer=issuer,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=now - began,
            next_update=now - began + lasts,
            revocation_time=now if revoked else None,
            revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.NAME, responder or issuer)
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


def nonce_of(request: ocsp.OCSPRequest) -> bytes | None:
    """The nonce of a request (RFC 9654), if it has one."""
    try:
        return request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None
