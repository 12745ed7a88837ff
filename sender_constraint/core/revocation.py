"""Revocation: whether the issuers of a verified chain still stand by each certificate in it.

RFC 5280 §3.3 and §6.1.3 (https://www.rfc-editor.org/rfc/rfc5280); the states are those of OCSP, RFC 6960
§2.2 (https://www.rfc-editor.org/rfc/rfc6960). Asked on every request, however long ago the chain was
verified: a chain is remembered, a status only within a promise. Where a status comes from is the business of
the ``StatusSource``. What is *not* checked here: the anchor, which nobody above it could revoke.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Protocol

from cryptography import x509

from sender_constraint.core.errors import Refusal, TemporarilyUnavailable
from sender_constraint.core.guidance import CLIENT_CERTIFICATE
from sender_constraint.core.names import distinguished_name
from sender_constraint.core.rules import enforces, rule

STALE = rule(
    "certificate.status-stale", "RFC 6960 §3.2", "The certificate's status is unavailable or too old."
).explained(
    "the certificate's status (OCSP), at most {promise_seconds} seconds old",
    "no such status; the latest is {age_seconds} seconds old",
    "Retry after the number of seconds in Retry-After: the certificate authority cannot be reached at the "
    "moment.",
)
UNKNOWN = rule(
    "certificate.status-unknown", "RFC 6960 §2.2", "The issuer does not recognize the certificate."
).explained(
    "a certificate that its issuer recognizes",
    "serial {serial} of {subject}, which it does not",
    CLIENT_CERTIFICATE,
)
REVOKED = rule("certificate.revoked", "RFC 5280 §6.1.3", "The certificate has been revoked.").explained(
    "a certificate that has not been revoked",
    "serial {serial} of {subject}, revoked at {revoked_at} ({reason})",
    "Stop using this certificate and its key; ask the scheme operator for a new enrolment secret.",
)


class State(StrEnum):
    """What an issuer says of a certificate (RFC 6960 §2.2)."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """What is known of a certificate now.

    revoked_at: aware, and reason: as in RFC 5280 §5.3.1 (``keyCompromise``), where it was revoked.
    age_seconds: since the question was sent, by the clock of whoever asked.
    """

    state: State
    revoked_at: datetime | None
    reason: str | None
    age_seconds: float


class StatusSource(Protocol):
    """Knows, or finds out, the status of certificates."""

    def status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateStatus | None:
        """The status, as young as promised; None where that cannot be had."""

    def failure_reason(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Mapping[str, Any]:
        """For the audit trail, when there was no status: at least ``promise_seconds`` and ``age_seconds``.

        ``age_seconds`` is the age of the latest status that there ever was, None if there was none.
        """


def check_revocation(chain: Sequence[x509.Certificate], source: StatusSource, error: type[Refusal]) -> None:
    """RFC 5280 §6.1.3 (a)(3): no certificate of a verified chain is revoked. Chain: leaf first, anchor last.

    The anchor is trusted as it is; an empty chain, of a certificate outside the scheme, has no issuer to ask.
    Raises ``error``, or TemporarilyUnavailable where nothing young enough can be said.
    """
    for certificate, issuer in pairwise(chain):
        status = source.status_of(certificate, issuer)
        check_status_fresh(certificate, issuer, status, source)
        check_status_known(certificate, status, error)
        check_not_revoked(certificate, status, error)


@enforces(STALE)
def check_status_fresh(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    status: CertificateStatus | None,
    source: StatusSource,
) -> None:
    """RFC 6960 §3.2, 5: a status that is not recent enough says nothing, good or bad."""
    if status is None:
        raise TemporarilyUnavailable(
            STALE,
            "Temporarily unavailable: the certificate's status is unknown",
            **_identity(certificate),
            issuer=str(distinguished_name(issuer.subject)),
            **source.failure_reason(certificate, issuer),
        )


@enforces(UNKNOWN)
def check_status_known(
    certificate: x509.Certificate, status: CertificateStatus | None, error: type[Refusal]
) -> None:
    """RFC 6960 §2.2: unknown is not good. Its issuer's key signed what its issuer's register lacks."""
    if status is not None and status.state is State.UNKNOWN:
        raise error(
            UNKNOWN,
            "The issuer does not recognize the certificate",
            **_identity(certificate),
            age_seconds=round(status.age_seconds, 3),
        )


@enforces(REVOKED)
def check_not_revoked(
    certificate: x509.Certificate, status: CertificateStatus | None, error: type[Refusal]
) -> None:
    """RFC 5280 §6.1.3 (a)(3): a revoked certificate is good for nothing, whatever it could do before."""
    if status is not None and status.state is State.REVOKED:
        raise error(
            REVOKED,
            "The certificate has been revoked",
            **_identity(certificate),
            revoked_at=status.revoked_at.isoformat() if status.revoked_at else None,
            reason=status.reason,
            age_seconds=round(status.age_seconds, 3),
        )


def _identity(certificate: x509.Certificate) -> dict[str, Any]:
    """Which element of the chain it is. serial: hexadecimal, as the authority's register writes it."""
    return {
        "subject": str(distinguished_name(certificate.subject)),
        "serial": f"{certificate.serial_number:x}",
    }
