"""What issuers say of their certificates, in tests where nobody is asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509

from sender_constraint.core.revocation import CertificateStatus, State
from tests.sender_constraint.pki import NOW


class Statuses:
    """A StatusSource: every certificate is good, but for those of which something else is said.

    asked: the certificates that were asked about, in order.
    """

    def __init__(self) -> None:
        self.asked: list[x509.Certificate] = []
        self._said: dict[x509.Certificate, CertificateStatus | None] = {}

    def say(self, certificate: x509.Certificate, state: State, *, revoked_at: datetime = NOW) -> None:
        """From now on this certificate has this state."""
        revoked = state is State.REVOKED
        self._said[certificate] = CertificateStatus(
            state, revoked_at if revoked else None, "keyCompromise" if revoked else None, 0.25
        )

    def say_nothing(self, certificate: x509.Certificate) -> None:
        """From now on nothing young enough can be had about this certificate."""
        self._said[certificate] = None

    def status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> CertificateStatus | None:
        certificate.verify_directly_issued_by(issuer)  # whoever asks another authority has it wrong
        self.asked.append(certificate)
        return self._said.get(certificate, CertificateStatus(State.GOOD, None, None, 0.25))

    def why_none(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Mapping[str, Any]:
        assert self._said[certificate] is None, issuer
        return {"age_seconds": 7.5, "promise_seconds": 5, "problem": "nobody answers"}
