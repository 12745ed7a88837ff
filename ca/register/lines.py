"""May a line of certificates go on: what is checked of the register before it issues the next one."""

from datetime import datetime, timedelta

from cryptography import x509

from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import CertificationRequest
from ca.register.models import Enrolment, IssuedCertificate
from sender_constraint.core.guidance import Comparison
from sender_constraint.core.rules import enforces, rule

_ENROL_AGAIN = "Ask the scheme operator for a new enrolment secret, and enrol again."

SECRET_SPENT = rule(
    "enrolment.secret-spent", "RFC 7030 §3.2.3", "The one-time secret was already used for another key."
).explained(
    "an unused one-time secret, or the key it was used for (SHA-256 {expected})",
    "a request with another key (SHA-256 {presented})",
    _ENROL_AGAIN,
)
REVOKED = rule("renewal.revoked", "RFC 5280 §3.3", "The certificate to renew has been revoked.").explained(
    "a certificate that has not been revoked", "serial {serial}, revoked at {revoked_at}", _ENROL_AGAIN
)
LINE = rule(
    "renewal.line", "RFC 5280 §3.3", "The certificate's lineage has been revoked or replaced."
).explained(
    "a certificate of an active lineage",
    "a certificate of a lineage that was revoked or replaced",
    _ENROL_AGAIN,
)
COMPROMISED_KEY = rule(
    "csr.compromised-key",
    "RFC 5280 §5.3.1",
    "The key is compromised: a certificate was revoked because of it.",
).explained(
    "a key that only you have",
    "a key for which a certificate was revoked",
    "Generate a new key, and request a certificate for it.",
)
LATEST = rule(
    "renewal.latest", "RFC 7030 §3.3.2", "The certificate to renew has expired, and is not the latest one."
).explained(
    "the participant's latest certificate, serial {expected}",
    "an earlier, expired one, serial {presented}",
    "Renew with the latest certificate; if it is lost, ask the scheme operator for a new secret.",
)
FORKED = rule(
    "renewal.forked", "RFC 7030 §3.3.2", "The certificate was already replaced by one with another key."
).explained(
    "the key of its successor {replaced_by} (SHA-256 {expected}), or a certificate that has not been "
    "replaced",
    "certificate {serial}, with a request for the key with SHA-256 {presented}",
    "Two parties hold keys of this lineage. The operator compares both certificates (`manage.py lineage "
    "list`), and resumes or revokes the lineage; a new one-time secret starts another.",
)
SUSPENDED = rule(
    "renewal.suspended",
    "RFC 7030 §3.3.2",
    "The lineage is suspended: a replaced key requested a certificate.",
).explained(
    "a lineage whose replaced keys are not in use",
    "a lineage whose replaced certificate {replaced} requested another successor at {detected_at}",
    "The operator decides with `manage.py lineage`; after that the renewal succeeds, or needs a new "
    "one-time secret.",
)
WINDOW = rule(
    "renewal.window", "RFC 7030 §3.3.2", "The certificate expired too long ago to be renewed."
).explained(
    "a renewal soon after expiry", "a renewal too late", _ENROL_AGAIN, compare=Comparison.RENEWAL_WINDOW
)


@enforces(SECRET_SPENT)
def check_secret_unspent(enrolment: Enrolment, request: CertificationRequest) -> None:
    """One secret, one key: whoever finds a spent secret can do nothing with it."""
    if enrolment.used_with_key != request.public_key_digest:
        raise EnrolmentRefused(
            SECRET_SPENT,
            "The one-time secret was already used for another key; ask the operator for a new one",
            expected=enrolment.used_with_key,
            presented=request.public_key_digest,
        )


@enforces(REVOKED)
def check_not_revoked(record: IssuedCertificate) -> None:
    """Revocation ends the line: it takes an operator and a new secret to begin again."""
    if record.revoked_at is not None:
        raise EnrolmentRefused(
            REVOKED, "The certificate has been revoked", serial=record.serial, revoked_at=record.revoked_at
        )


@enforces(COMPROMISED_KEY)
def check_key_not_compromised(request: CertificationRequest) -> None:
    """Whoever begins anew begins with a new key, or the revocation was for nothing."""
    compromised = IssuedCertificate.objects.filter(
        public_key_digest=request.public_key_digest,
        revoked_at__isnull=False,
        revocation_reason=x509.ReasonFlags.key_compromise.value,
    ).first()
    if compromised is not None:
        raise EnrolmentRefused(
            COMPROMISED_KEY,
            "The key is compromised, and its certificate was revoked; generate a new key",
            serial=compromised.serial,
            revoked_at=compromised.revoked_at,
        )


@enforces(LINE)
def check_line_goes_on(record: IssuedCertificate) -> None:
    """A predecessor that still holds does not go on where its successor was stopped."""
    if record.enrolment is None:
        return
    if record.line != record.enrolment.line:
        raise EnrolmentRefused(
            LINE,
            "The certificate's lineage was replaced by a new one",
            expected=record.enrolment.line,
            presented=record.line,
        )
    revoked = record.enrolment.certificates.filter(
        line=record.line, id__gt=record.pk, revoked_at__isnull=False
    ).first()
    if revoked is not None:
        raise EnrolmentRefused(
            LINE,
            "A later certificate was revoked; ask the operator for a new enrolment secret",
            serial=revoked.serial,
            revoked_at=revoked.revoked_at,
        )


@enforces(LATEST)
def check_is_latest_if_expired(record: IssuedCertificate, now: datetime) -> None:
    """An expired certificate stands for its participant only as long as no other took its place."""
    if not record.is_expired(now) or record.enrolment is None:
        return
    latest = _latest(record.enrolment)
    if latest != record:
        raise EnrolmentRefused(
            LATEST,
            "The certificate has expired, and was replaced",
            expected=latest.serial,
            presented=record.serial,
        )


@enforces(WINDOW)
def check_window(record: IssuedCertificate, renewal_after_expiry: timedelta, now: datetime) -> None:
    """A machine that slept needs no operator; one that was forgotten does."""
    if now > record.not_after + renewal_after_expiry:
        raise EnrolmentRefused(
            WINDOW,
            "The certificate expired too long ago; ask the operator for a new enrolment secret",
            not_after=record.not_after,
            window_seconds=int(renewal_after_expiry.total_seconds()),
        )


@enforces(FORKED)
def check_not_forked(record: IssuedCertificate, request: CertificationRequest) -> None:
    """A replaced key repeats the request that replaced it, and makes no other: that would fork the lineage.

    Either of the two keys may be in a thief's hands, and this authority cannot tell which.
    """
    # The successor for this very key may have been issued a moment ago, by another process.
    successor = record.successors.exclude(public_key_digest=request.public_key_digest).order_by("id").first()
    if successor is not None:
        raise EnrolmentRefused(
            FORKED,
            "The certificate was already replaced by one with another key; renewals are suspended, ask "
            "the operator",
            serial=record.serial,
            replaced_by=successor.serial,
            expected=successor.public_key_digest,
            presented=request.public_key_digest,
        )


@enforces(SUSPENDED)
def check_not_suspended(record: IssuedCertificate) -> None:
    """While two keys claim one lineage, neither gets more of it. What was issued is answered again."""
    if record.enrolment is None:
        return
    fork = record.enrolment.forks.filter(line=record.line, decision="").first()
    if fork is not None:
        raise EnrolmentRefused(
            SUSPENDED,
            "Renewals are suspended: a replaced key of this lineage was used again; ask the operator",
            serial=record.serial,
            replaced=fork.replaced.serial,
            detected_at=fork.detected_at,
        )


def _latest(enrolment: Enrolment) -> IssuedCertificate:
    return enrolment.certificates.latest("id")
