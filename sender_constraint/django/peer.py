"""The caller's certificate: the one place that reads it.

It comes from the TLS connection. Headers in which proxies pass certificates on are ignored, because no
peer of this service is an authenticated edge (RFC 9440 §4); whoever sends one is recorded.
"""

from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from django.http import HttpRequest

from sender_constraint.core.certificate_checks import load_certificate
from sender_constraint.core.errors import Refusal
from sender_constraint.core.thumbprints import certificate_thumbprint

# RFC 9440 §2, and what proxies sent before it.
CERTIFICATE_HEADERS = (
    "client-cert",
    "client-cert-chain",
    "x-client-cert",
    "x-ssl-client-cert",
    "x-forwarded-client-cert",
)


@dataclass(frozen=True)
class Peer:
    """Who is at the other end of the connection.

    certificates: DER, the leaf first, as presented in the handshake; empty without a certificate.
        TLS has proven possession of the leaf's key, and nothing else.
    address: ``ip:port``.
    """

    certificates: tuple[bytes, ...]
    address: str

    @cached_property
    def thumbprint(self) -> str | None:
        """``x5t#S256`` of the leaf (RFC 8705 §3.1); None without a certificate."""
        return certificate_thumbprint(self.certificates[0]) if self.certificates else None

    def certificate(self, error: type[Refusal]) -> x509.Certificate | None:
        """The leaf; None without a certificate. Raises ``error`` if it cannot be read."""
        return load_certificate(self.certificates[0], error) if self.certificates else None


def peer_of(request: HttpRequest) -> Peer:
    """The peer of a request: from the TLS front's socket, and from nowhere else."""
    known = getattr(request, "peer", None)
    if isinstance(known, Peer):
        return known
    presented = getattr(request.META.get("gunicorn.socket"), "peer_certificates", None)
    certificates = presented() if presented is not None else ()
    address = f"{request.META.get('REMOTE_ADDR', '')}:{request.META.get('REMOTE_PORT', '')}"
    peer = Peer(tuple(certificates), address)
    request.peer = peer  # type: ignore[attr-defined]  # HttpRequest declares no such attribute
    return peer


def smuggled_certificate_headers(request: HttpRequest) -> list[str]:
    """The names of the headers in which this request claims a certificate."""
    return [name for name in CERTIFICATE_HEADERS if name in request.headers]
