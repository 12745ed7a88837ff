"""What a server staples, as a client sees it that asks for it (RFC 6066 §8)."""

import socket
from dataclasses import dataclass

from cryptography import x509
from OpenSSL import SSL

SECONDS = 20


@dataclass(frozen=True)
class Stapled:
    """The server's certificate, and the OCSP response beside it: DER, empty if there was none."""

    certificate: x509.Certificate
    der: bytes


def stapled(port: int, version: int = SSL.TLS1_3_VERSION) -> Stapled:
    """One handshake with a server on this machine, in this version of TLS (``SSL.TLS1_2_VERSION``)."""
    shown: list[bytes] = []

    def look(_connection: SSL.Connection, der: bytes, _data: object) -> bool:
        shown.append(der)
        return True

    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(version)
    context.set_max_proto_version(version)
    context.set_ocsp_client_callback(look)
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as raw:
        raw.setblocking(True)
        connection = SSL.Connection(context, raw)
        connection.request_ocsp()
        connection.set_connect_state()
        connection.do_handshake()
        certificate = connection.get_peer_certificate()
        assert certificate is not None
        return Stapled(certificate.to_cryptography(), shown[0] if shown else b"")
