"""A client that presents whatever certificate it is given, with the keys that OpenSSL 4 can sign with.

The standard library's OpenSSL may be older, and knows no ML-DSA. The server is always verified.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from OpenSSL import SSL

from tests.e2e.hostile.target import Target
from workshop.wire import Credentials

ANSWER_BYTES = 65536


def context_presenting(target: Target, credentials: Credentials) -> SSL.Context:
    """A client's context with these credentials."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.load_verify_locations(str(target.trust_bundle))
    context.set_verify(SSL.VERIFY_PEER, lambda _connection, _certificate, _error, _depth, good: bool(good))
    context.use_certificate_chain_file(str(credentials.certificate))
    context.use_privatekey_file(str(credentials.private_key))
    return context


def answer_to(target: Target, context: SSL.Context) -> bytes:
    """How the target's protected request is answered to who presents this; b"" where TLS ends it."""
    try:
        with _connected(target, context) as connection:
            connection.sendall(target.protected)
            return bytes(connection.recv(ANSWER_BYTES))
    except SSL.Error:
        return b""


@contextmanager
def _connected(target: Target, context: SSL.Context) -> Iterator[SSL.Connection]:
    with target.tcp() as raw:
        # pyOpenSSL knows no timeouts: it is given a socket that blocks.
        raw.settimeout(None)
        connection = SSL.Connection(context, raw)
        connection.set_tlsext_host_name(b"localhost")
        connection.set_connect_state()
        connection.do_handshake()
        yield connection
