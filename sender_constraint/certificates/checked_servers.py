"""Connections on which nothing is said to a server whose certificate has been revoked.

RFC 5280 §6.1.3 (https://www.rfc-editor.org/rfc/rfc5280). The handshake has checked the server's chain, name
and validity; Python's ``ssl`` does not show what a server staples (RFC 6066 §8), so that its issuer is asked,
by way of a memory of statuses. The check stands in the socket, before each write: it is there on a new
connection and on one that was open already, and no request gets past it, whoever makes it.

Not prevented: a revoked server that completes a handshake has seen the caller's certificate, which is public.
"""

import _ssl
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography import x509

from sender_constraint.certificate_checks import check_chain, load_certificate
from sender_constraint.certificates.renewal import utc_now
from sender_constraint.errors import Refusal, TemporarilyUnavailable
from sender_constraint.revocation import StatusSource, check_revocation
from sender_constraint.trust_anchors import TrustAnchors


class ServerCertificateRefused(Refusal):
    """A server's certificate does not count any more. It is not the server that is told so."""

    code = "server_certificate"


class NotSent(httpx.TransportError):
    """The request, or the end of it, was not sent: nothing was done, and it may be made again.

    refusal: the rule, and whose certificate it is about.
    """

    def __init__(self, server: str, refusal: Refusal) -> None:
        super().__init__(f"{server}: {refusal.description} [{refusal.rule.identifier}]")
        self.refusal = refusal


class ServerNotTrusted(NotSent):
    """The server's certificate is revoked, or unknown to its issuer.

    was_in_use: on a connection over which requests have gone; a new one may lead to a new certificate.
    """

    def __init__(self, server: str, refusal: Refusal, *, was_in_use: bool) -> None:
        super().__init__(server, refusal)
        self.was_in_use = was_in_use


class StatusNotKnown(NotSent):
    """Whether the server's certificate still counts cannot be found out now."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """Where the status of servers' certificates comes from.

    on_refused: is given ``host:port`` and the reason, each time that a server is not spoken to.
    """

    source: StatusSource
    on_refused: Callable[[str, Refusal], None]


def check_servers(context: ssl.SSLContext, anchors: TrustAnchors, status: ServerStatus) -> None:
    """Have every connection that this context makes from now on check its server.

    anchors: those that the context trusts. Writing to such a connection raises ServerNotTrusted or
    StatusNotKnown; whoever gets that closes it.
    """
    context.sslsocket_class = _checked(context.sslsocket_class, anchors, status)


def _checked(base: type[ssl.SSLSocket], anchors: TrustAnchors, status: ServerStatus) -> type[ssl.SSLSocket]:
    """A class of sockets that check their server. base: the context's own, which may be gevent's."""

    class CheckedSocket(base):  # type: ignore[misc, valid-type]  # the base is known when it runs
        _chain: tuple[x509.Certificate, ...] | None = None
        _in_use = False

        def send(self, data: Any, flags: int = 0) -> int:
            self._check()
            return int(super().send(data, flags))

        def sendall(self, data: Any, flags: int = 0) -> None:
            self._check()
            super().sendall(data, flags)

        def write(self, data: Any) -> int:
            self._check()
            return int(super().write(data))

        def _check(self) -> None:
            try:
                if self._chain is None:
                    leaf = self.getpeercert(binary_form=True) or b""
                    self._chain = server_chain(leaf, anchors, _between(self))
                check_revocation(self._chain, status.source, ServerCertificateRefused)
            except Refusal as refusal:
                server = f"{self.server_hostname}:{self.getpeername()[1]}"
                status.on_refused(server, refusal)
                if isinstance(refusal, TemporarilyUnavailable):
                    raise StatusNotKnown(server, refusal) from refusal
                raise ServerNotTrusted(server, refusal, was_in_use=self._in_use) from refusal
            self._in_use = True

    return CheckedSocket


def server_chain(
    der: bytes, anchors: TrustAnchors, between: Sequence[bytes] = ()
) -> tuple[x509.Certificate, ...]:
    """From a server's certificate to an anchor, by the authorities of the bundle, and those between.

    between: DER of what the server sent beside its own, for a bundle that holds its root alone.
    Raises ServerCertificateRefused where they lead nowhere: there is nobody to ask.
    """
    certificate = load_certificate(der, ServerCertificateRefused)
    return check_chain(certificate, between, anchors, utc_now(), ServerCertificateRefused)


def _between(connection: Any) -> list[bytes]:
    """DER of the chain that the handshake verified, without the server's own certificate and without its end.

    Python 3.13 has this as a method of its own class, which gevent's class lacks; the object behind either
    has it since 3.10.
    """
    verified = connection._sslobj.get_verified_chain() or ()
    return [each.public_bytes(_ssl.ENCODING_DER) for each in verified[1:-1]]
