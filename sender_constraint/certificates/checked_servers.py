"""Connections on which nothing is said to a server whose certificate has been revoked.

RFC 5280 §6.1.3 (https://www.rfc-editor.org/rfc/rfc5280). The handshake has checked the server's chain, name
and validity; Python's ``ssl`` does not show what a server staples (RFC 6066 §8), so that its issuer is asked,
by way of a memory of statuses. The check stands in the socket, before each write: it is there on a new
connection and on one that was open already, and no request gets past it, whoever makes it.

Not prevented: a revoked server that completes a handshake has seen the caller's certificate, which is public.
"""

import errno
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from cryptography import x509

from sender_constraint.certificates.renewal import utc_now
from sender_constraint.core.certificate_checks import check_chain, load_certificate
from sender_constraint.core.errors import Refusal, TemporarilyUnavailable
from sender_constraint.core.revocation import StatusSource, check_revocation
from sender_constraint.core.trust_anchors import TrustAnchors

_DER = 2  # what the ssl module calls ENCODING_DER, and does not export


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
    """Whether the server's certificate was revoked cannot be found out now.

    issuer_known: False where the responder has never answered about this issuer's certificates: that is a
    missing setting rather than an outage, and waiting does not help.
    """

    def __init__(self, server: str, refusal: Refusal) -> None:
        super().__init__(server, refusal)
        detail = refusal.detail
        self.issuer_known = bool(detail.get("issuer_known", True))
        if not self.issuer_known:
            self.args = (
                f"{self}: {detail.get('responder')} has given no status for any certificate of "
                f"{detail.get('issuer')} ({detail.get('problem') or 'no answer yet'}). If that authority has "
                f"another OCSP responder, or none, name it in ISSUER_STATUS: "
                f"'http://ocsp.example {detail.get('issuer')}', or 'none {detail.get('issuer')}'",
            )


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

        def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
            # ssl itself looks for bytes where the connection was lost before the handshake. It would leave
            # the socket open then, or go on with it without TLS.
            if self._sslobj is None:
                self.close()
                raise ConnectionResetError(errno.ECONNRESET, "the connection was lost before the handshake")
            return bytes(super().recv(buflen, flags))

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
                    self._chain = server_chain(_shown(self), anchors)
                check_revocation(self._chain, status.source, ServerCertificateRefused)
            except Refusal as refusal:
                server = f"{self.server_hostname}:{self.getpeername()[1]}"
                status.on_refused(server, refusal)
                if isinstance(refusal, TemporarilyUnavailable):
                    raise StatusNotKnown(server, refusal) from refusal
                raise ServerNotTrusted(server, refusal, was_in_use=self._in_use) from refusal
            self._in_use = True

    return CheckedSocket


def server_chain(shown: Sequence[bytes], anchors: TrustAnchors) -> tuple[x509.Certificate, ...]:
    """From a server's certificate to an anchor, by the authorities of the bundle and those that it showed.

    shown: DER, the server's own first. An issuing authority that took another's place is in no bundle yet.
    Raises ServerCertificateRefused where they lead nowhere: there is nobody to ask.
    """
    certificate = load_certificate(shown[0] if shown else b"", ServerCertificateRefused)
    return check_chain(certificate, shown[1:], anchors, utc_now(), ServerCertificateRefused)


def _shown(connection: Any) -> list[bytes]:
    """What the server sent in its handshake, DER: public in Python from 3.13 on, and never in gevent."""
    return [each.public_bytes(_DER) for each in connection._sslobj.get_unverified_chain() or ()]
