"""What can go wrong with a party's own certificate.

CertificatesError
├── NoGeneration           there is no certificate yet
├── BrokenGeneration       what lies on disk, or was about to be published, is not a whole generation
├── StoreUnwritable        the disk takes no generation
├── PlacedUnusable         what something else put in place cannot be read
├── ResponderAway          nobody could be asked about a certificate's status
├── StatusNotVerified      an OCSP response that says nothing about the certificate in question
└── IssuanceFailed         no certificate was issued
    ├── NoEnrolmentSecret  the first enrolment needs the one-time secret, and there is none
    ├── IssuerUnreachable  no answer, or not in time
    ├── IssuerRefused      the certificate authority said no, or not yet
    └── UnusableAnswer     an answer that is no certificate for this key
"""

from http import HTTPStatus


class CertificatesError(Exception):
    """The base of this tree."""


class NoGeneration(CertificatesError):
    """The store is empty: ``enrol`` comes first."""


class BrokenGeneration(CertificatesError):
    """A generation that is half-written or too open, or whose parts do not belong together."""


class ResponderAway(CertificatesError):
    """The OCSP responder did not answer, not in time, or with something that is no OCSP response."""


class StatusNotVerified(CertificatesError):
    """An OCSP response that is malformed, or not signed by whom it must be, or about something else."""


class StoreUnwritable(CertificatesError):
    """The disk is full, or not ours to write; what was written of the new generation is gone again."""


class PlacedUnusable(CertificatesError):
    """The files are missing, cannot be read, or hold no key of ours; the text says which and why."""


class IssuanceFailed(CertificatesError):
    """No certificate was issued."""


class NoEnrolmentSecret(IssuanceFailed):
    """The first enrolment is authenticated by a one-time secret, which is not where it should be."""


class IssuerUnreachable(IssuanceFailed):
    """The certificate authority did not answer, not within the limits, or with a failure of its own (5xx)."""


class IssuerRefused(IssuanceFailed):
    """The certificate authority refused.

    status: HTTP status; 202 means "not yet" (RFC 7030 §4.2.3).
    reason: what it said, shortened.
    """

    def __init__(self, operation: str, status: int, reason: str) -> None:
        super().__init__(f"{operation} was refused with status {status}: {reason}")
        self.status = status
        self.reason = reason

    @property
    def is_final(self) -> bool:
        """Whether asking again will not help: who asks is not, or no longer, allowed to (RFC 9110 §15.5)."""
        return self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class UnusableAnswer(IssuanceFailed):
    """The certificate authority sent something that is not a certificate for this key."""
