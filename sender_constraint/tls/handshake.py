"""The handshake of a connection, and what is recorded when it fails.

RFC 8446, TLS 1.3 (https://www.rfc-editor.org/rfc/rfc8446) and RFC 5246, TLS 1.2
(https://www.rfc-editor.org/rfc/rfc5246). OpenSSL checks; this module names the rule.
"""

from contextlib import suppress
from dataclasses import dataclass

from OpenSSL import SSL

from sender_constraint.core.certificate_checks import MAX_PRESENTED_CERTIFICATES
from sender_constraint.core.errors import Refusal
from sender_constraint.core.events import EventReporter, NotRecorded
from sender_constraint.core.rules import enforces, rule
from sender_constraint.tls.deadline_socket import PeerGone
from sender_constraint.tls.limits import Phase
from sender_constraint.tls.tls_socket import TLSSocket

# Three certificates with keys and signatures of ML-DSA-87, the longest in use, take 23 KB.
MAX_PRESENTED_BYTES = 32 * 1024

POSSESSION = rule(
    "tls.possession",
    "RFC 8446 §4.4.3",
    "The handshake is not signed with the certificate's key (TLS 1.2: RFC 5246 §7.4.8).",
).explained(
    "a handshake signed with the private key of the presented certificate",
    "a signature by another key ({reason}, {tls})",
    "Configure the private key that belongs to the certificate; always replace both together.",
)
CHAIN_LENGTH = rule(
    "tls.chain-length", "RFC 8446 §4.4.2", "The certificate chain is too long or too large."
).explained(
    "a chain of at most {expected}",
    "{presented}",
    "Send your certificate and its issuers only, not a whole trust store.",
)
HANDSHAKE = rule("tls.handshake", "RFC 8446 §4", "The TLS handshake was not completed.").explained(
    "a complete handshake of TLS 1.2 or 1.3",
    "a handshake that failed: {reason} ({tls})",
    "Check that the client trusts the server's authority, supports TLS 1.2 or 1.3, and waits long enough.",
)


class HandshakeRefused(Refusal):
    """The TLS handshake failed: what goes over the wire is an alert."""

    code = "handshake_failure"


@dataclass(frozen=True, slots=True)
class Failure:
    """How a handshake failed.

    reasons: OpenSSL's, the first cause first; or our own words.
    version: the protocol version as far as it was agreed.
    """

    reasons: tuple[str, ...]
    version: str


def complete_handshake(connection: TLSSocket, peer: str, reporter: EventReporter) -> bool:
    """Complete the handshake; whether there is now a connection. A failure is recorded.

    peer: ``ip:port``. Who connects and leaves, or stays, without sending a byte has not begun a handshake.
    """
    try:
        if not connection.arrival():
            return False
        failure = _attempt(connection)
        if failure is not None:
            # In TLS 1.3 the client has gone on sending by now: a reset would hide the alert from it.
            connection.lingers = True
            check_possession(failure)
            check_completed(failure)
            return False
        check_chain_length(connection)
    except HandshakeRefused as refusal:
        # The alert is what the peer was told, or told us.
        with suppress(NotRecorded):
            error = connection.fatal_alert or refusal.code
            reporter.refused("tls.handshake", refusal, peer=peer, error=error)
        return False
    except PeerGone:
        return False
    return True


@enforces(POSSESSION)
def check_possession(failure: Failure) -> None:
    """Refuse a handshake that the leaf's key did not sign (CertificateVerify). Raises HandshakeRefused."""
    if "bad signature" in failure.reasons:
        raise HandshakeRefused(POSSESSION, "Bad signature", reason="bad signature", tls=failure.version)


@enforces(HANDSHAKE)
def check_completed(failure: Failure) -> None:
    """Refuse a handshake that failed for any other reason. Raises HandshakeRefused."""
    reason = "; ".join(failure.reasons)
    raise HandshakeRefused(HANDSHAKE, "Handshake failure", reason=reason, tls=failure.version)


@enforces(CHAIN_LENGTH)
def check_chain_length(connection: TLSSocket) -> None:
    """Refuse a needlessly long chain. Raises HandshakeRefused.

    Whoever builds paths would pay for its number; for its bytes pays the memory, as long as it stays open.
    """
    certificates = connection.peer_certificates()
    number, size = len(certificates), sum(map(len, certificates))
    if number > MAX_PRESENTED_CERTIFICATES:
        raise _too_long(f"{MAX_PRESENTED_CERTIFICATES} certificates", number)
    if size > MAX_PRESENTED_BYTES:
        raise _too_long(f"{MAX_PRESENTED_BYTES} bytes", size)


def _too_long(expected: str, presented: int) -> HandshakeRefused:
    return HandshakeRefused(CHAIN_LENGTH, "Chain too long", expected=expected, presented=presented)


def _attempt(connection: TLSSocket) -> Failure | None:
    try:
        connection.handshake()
    except PeerGone:
        if connection.expired is not Phase.HANDSHAKE:
            raise
        return Failure(("too slow",), connection.version)
    except SSL.SysCallError as error:
        return Failure((str(error.args[-1]),), connection.version)
    except SSL.Error as error:
        reasons = tuple(str(entry[-1]) for entry in error.args[0]) if error.args else ("unknown",)
        return Failure(reasons, connection.version)
    return None
