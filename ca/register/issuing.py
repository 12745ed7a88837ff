"""Issuing and recording, in one step: no certificate leaves that the register does not hold.

Asking twice is normal: an answer gets lost, and the request is sent again with the same key. It is then
answered with the certificate that was issued already. A request for a new key is a new request.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.db import IntegrityError, models, transaction
from django.db.models import F

from ca.authority.hierarchy import CertificateAuthority
from ca.authority.identity import issuer_identity
from ca.authority.profiles import Profile, StatusPointers
from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import CertificationRequest
from ca.register.models import Enrolment, IssuedCertificate, serial_text
from sender_constraint.rules import enforces, rule

SECRET_SPENT = rule(
    "enrolment.secret-spent",
    "RFC 7030 §3.2.3",
    "The one-time secret was spent on a request with another key.",
)
REVOKED = rule("renewal.revoked", "RFC 5280 §3.3", "The certificate to renew is revoked.")
LINE = rule(
    "renewal.line",
    "RFC 5280 §3.3",
    "A later certificate of the line is revoked, or a new line took its place.",
)
LATEST = rule(
    "renewal.latest",
    "RFC 7030 §3.3.2",
    "The certificate to renew has expired, and is not the latest of its participant.",
)
WINDOW = rule(
    "renewal.window",
    "RFC 7030 §3.3.2",
    "The certificate to renew expired longer ago than this authority allows.",
)


@dataclass(frozen=True, slots=True)
class Issuance:
    """A certificate for the requester, and whether it had been issued before."""

    record: IssuedCertificate
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class Issuer:
    """Issues from one authority into the register.

    lifetime: of each certificate, counted from now.
    pointers: where the status of what it issues is published.
    renewal_after_expiry: for how long after its end the latest certificate of a line still renews itself.
    now: aware, UTC.
    """

    authority: CertificateAuthority
    pointers: StatusPointers
    lifetime: timedelta
    renewal_after_expiry: timedelta
    now: datetime

    def begin(self, enrolment: Enrolment, request: CertificationRequest) -> Issuance:
        """The first certificate of a line, for whoever proved to know the enrolment's secret.

        Spending the secret is a conditional update: of two requests at the same time one finds it spent.
        It ends the line before: what that one still holds serves to its end, and renews itself no more.
        Raises EnrolmentRefused.
        """
        certificate = self._sign(enrolment.profile, request)
        with transaction.atomic():
            spent = Enrolment.objects.filter(
                pk=enrolment.pk, secret_digest=enrolment.secret_digest, used_with_key=""
            ).update(used_with_key=request.public_key_digest, line=F("line") + 1)
            if spent:
                enrolment.refresh_from_db(fields=["line"])
                return self._record(certificate, enrolment.profile, request, enrolment=enrolment)
        enrolment.refresh_from_db()
        check_secret_unspent(enrolment, request)
        spent_on = _of_same_key(enrolment, request).latest("id")
        return self._continue(spent_on, request, is_repeated=True)

    def renew(self, presented: IssuedCertificate, request: CertificationRequest) -> Issuance:
        """The successor of a participant's certificate. Raises EnrolmentRefused."""
        check_not_revoked(presented)
        repeated = None
        if presented.enrolment is not None:
            later = _of_same_key(presented.enrolment, request).filter(id__gt=presented.pk)
            repeated = later.order_by("-id").first()
        return self._continue(repeated or presented, request, is_repeated=repeated is not None)

    def by_hand(self, profile: Profile, request: CertificationRequest) -> Issuance:
        """A certificate that the operator answers for. It belongs to no line: EST does not renew it."""
        return self._record(self._sign(profile, request), profile, request)

    def _continue(
        self, base: IssuedCertificate, request: CertificationRequest, *, is_repeated: bool
    ) -> Issuance:
        """Answer again with a certificate that still holds, or issue the successor of the base."""
        check_not_revoked(base)
        check_line_goes_on(base)
        if is_repeated and not base.is_expired(self.now):
            return Issuance(base, is_repeated=True)
        check_is_latest_if_expired(base, self.now)
        check_window(base, self.renewal_after_expiry, self.now)
        certificate = self._sign(base.profile, request)
        try:
            return self._succeed(base, certificate, request)
        except IntegrityError:
            # The same request, sent twice, was answered by another process a moment ago.
            return Issuance(
                base.successors.get(public_key_digest=request.public_key_digest), is_repeated=True
            )

    def _succeed(
        self, base: IssuedCertificate, certificate: x509.Certificate, request: CertificationRequest
    ) -> Issuance:
        """Record a successor, unless its line was ended since it was looked at.

        Whoever revokes locks the enrolment too: what is signed by then is recorded before, and revoked as
        well, or it is not recorded and never leaves.
        """
        with transaction.atomic():
            enrolment = None
            if base.enrolment_id is not None:
                enrolment = Enrolment.objects.select_for_update().get(pk=base.enrolment_id)
            base.refresh_from_db()
            check_not_revoked(base)
            check_line_goes_on(base)
            return self._record(certificate, base.profile, request, enrolment=enrolment, replaces=base)

    def _sign(self, profile: Profile, request: CertificationRequest) -> x509.Certificate:
        return self.authority.issue(
            profile,
            request.public_key,
            request.subject,
            request.alternative_names,
            self.lifetime,
            self.now,
            self.pointers,
        )

    def _record(
        self,
        certificate: x509.Certificate,
        profile: Profile,
        request: CertificationRequest,
        *,
        enrolment: Enrolment | None = None,
        replaces: IssuedCertificate | None = None,
    ) -> Issuance:
        with transaction.atomic():
            record = IssuedCertificate.objects.create(
                serial=serial_text(certificate),
                issuer=issuer_identity(certificate),
                der=certificate.public_bytes(serialization.Encoding.DER),
                profile_name=profile.name,
                enrolment=enrolment,
                line=enrolment.line if enrolment else 0,
                public_key_digest=request.public_key_digest,
                replaces=replaces,
                issued_at=self.now,
                not_after=certificate.not_valid_after_utc,
            )
        return Issuance(record, is_repeated=False)


@enforces(SECRET_SPENT)
def check_secret_unspent(enrolment: Enrolment, request: CertificationRequest) -> None:
    """One secret, one key: whoever finds a spent secret can do nothing with it."""
    if enrolment.used_with_key != request.public_key_digest:
        raise EnrolmentRefused(
            SECRET_SPENT,
            "The one-time secret was used with another key; ask the operator for a new one",
            expected=enrolment.used_with_key,
            presented=request.public_key_digest,
        )


@enforces(REVOKED)
def check_not_revoked(record: IssuedCertificate) -> None:
    """Revocation ends the line: it takes an operator and a new secret to begin again."""
    if record.revoked_at is not None:
        raise EnrolmentRefused(
            REVOKED, "The certificate is revoked", serial=record.serial, revoked_at=record.revoked_at
        )


@enforces(LINE)
def check_line_goes_on(record: IssuedCertificate) -> None:
    """A predecessor that still holds does not go on where its successor was stopped."""
    if record.enrolment is None:
        return
    if record.line != record.enrolment.line:
        raise EnrolmentRefused(
            LINE,
            "A new line of certificates took the place of this one",
            expected=record.enrolment.line,
            presented=record.line,
        )
    revoked = record.enrolment.certificates.filter(
        line=record.line, id__gt=record.pk, revoked_at__isnull=False
    ).first()
    if revoked is not None:
        raise EnrolmentRefused(
            LINE,
            "A later certificate is revoked; ask the operator for a new enrolment secret",
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
            "The certificate has expired, and another one took its place",
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


def _latest(enrolment: Enrolment) -> IssuedCertificate:
    return enrolment.certificates.latest("id")


def _of_same_key(enrolment: Enrolment, request: CertificationRequest) -> models.QuerySet[IssuedCertificate]:
    return enrolment.certificates.filter(public_key_digest=request.public_key_digest)
