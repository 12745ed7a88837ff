"""Issuing and recording, in one step: no certificate leaves that the register does not hold.

Asking twice is normal: an answer gets lost, and the request is sent again with the same key. It is then
answered with the certificate that was issued already. A replaced certificate repeats that one request, and
makes no other: a request for another key would fork its lineage, and suspends it (``ca.register.forks``).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.db import models, transaction
from django.db.models import F

from ca.authority.hierarchy import CertificateAuthority
from ca.authority.identity import issuer_identity
from ca.authority.profiles import Profile, StatusPointers
from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import CertificationRequest
from ca.register.forks import suspend_lineage
from ca.register.lines import (
    FORKED,
    check_is_latest_if_expired,
    check_key_not_compromised,
    check_line_goes_on,
    check_not_forked,
    check_not_revoked,
    check_not_suspended,
    check_secret_unspent,
    check_window,
)
from ca.register.models import Enrolment, IssuedCertificate, serial_text


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
        """The successor of a participant's certificate. Raises EnrolmentRefused.

        What renewed itself with the same key has not been replaced: its holder has the key of the latest.
        """
        check_not_revoked(presented)
        base = _latest_of_key(presented, presented.public_key_digest)
        repeated = None
        if request.public_key_digest != presented.public_key_digest:
            if base.successors.filter(public_key_digest=request.public_key_digest).exists():
                repeated = _latest_of_key(base, request.public_key_digest)
        elif base != presented:
            repeated = base
        return self._continue(repeated or base, request, is_repeated=repeated is not None)

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
        check_window(base, self.renewal_after_expiry, self.now)
        try:
            self._check_continues(base, request)
            return self._succeed(base, self._sign(base.profile, request), request)
        except EnrolmentRefused as refusal:
            if refusal.rule is FORKED:
                suspend_lineage(base, request, self.now)
            raise

    def _check_continues(self, base: IssuedCertificate, request: CertificationRequest) -> None:
        check_not_forked(base, request)
        check_not_suspended(base)
        check_is_latest_if_expired(base, self.now)

    def _succeed(
        self, base: IssuedCertificate, certificate: x509.Certificate, request: CertificationRequest
    ) -> Issuance:
        """Record a successor, unless its line was ended, or went on, since it was looked at.

        Of two requests at the same time one comes first here, and the other sees what came of it. Whoever
        revokes locks the enrolment too: what is signed by then is recorded before, and revoked as well, or
        it is not recorded and never leaves.
        """
        with transaction.atomic():
            enrolment = None
            if base.enrolment_id is not None:
                enrolment = Enrolment.objects.select_for_update().get(pk=base.enrolment_id)
            base.refresh_from_db()
            check_not_revoked(base)
            check_line_goes_on(base)
            answered = base.successors.filter(public_key_digest=request.public_key_digest).first()
            if answered is not None:
                # The same request, sent twice, was answered by another process a moment ago.
                return Issuance(answered, is_repeated=True)
            self._check_continues(base, request)
            return self._record(certificate, base.profile, request, enrolment=enrolment, replaces=base)

    def _sign(self, profile: Profile, request: CertificationRequest) -> x509.Certificate:
        check_key_not_compromised(request)
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


def _latest_of_key(record: IssuedCertificate, public_key_digest: str) -> IssuedCertificate:
    """The latest certificate for a key in the lineage of a certificate, from that one on; itself if none."""
    if record.enrolment is None:
        return record
    later = record.enrolment.certificates.filter(
        line=record.line, id__gte=record.pk, public_key_digest=public_key_digest
    )
    return later.order_by("-id").first() or record


def _of_same_key(enrolment: Enrolment, request: CertificationRequest) -> models.QuerySet[IssuedCertificate]:
    return enrolment.certificates.filter(public_key_digest=request.public_key_digest)
