"""Revoking one's own certificate, over the TLS port of EST.

RFC 7030 has no operation for this. It is done as RFC 8555 §7.6 does it with the certificate's key: the
certificate of the connection is the one that is revoked, and TLS has proven possession of its key.
https://www.rfc-editor.org/rfc/rfc8555
"""

from datetime import datetime, timedelta

from cryptography import x509
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from ca.authority.reasons import HOLDERS, UnknownReason, reason_named
from ca.authority.refusals import EnrolmentRefused, RequestMalformed
from ca.enrolment.answers import TEXT, answering, identify
from ca.enrolment.authentication import issued_certificate
from ca.register import configuration
from ca.register.lines import check_is_latest_if_expired, check_window
from ca.register.models import IssuedCertificate
from ca.status.revoking import publish_revocations, revoke
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django import events
from sender_constraint.django.peer import peer_of

EVENT = "certificate.revoke"

_CORRECT = "Correct the request, or have the operator revoke the certificate."

REASON = rule(
    "revocation.reason", "RFC 5280 §5.3.1", "The reason is not one that a certificate's holder can give."
).explained(
    "a reason that a certificate's holder can give",
    "{presented}",
    "Give a reason of RFC 5280 §5.3.1, such as keyCompromise, superseded or cessationOfOperation.",
)
EXPIRED = rule(
    "revocation.expired", "RFC 5280 §6.1.3", "An expired certificate cannot revoke its lineage."
).explained(next_step=_CORRECT)
# A name of RFC 5280 §5.3.1 is shorter.
LONGEST_REASON = 40


@require_POST
@answering(EVENT)
def revoke_own(request: HttpRequest) -> HttpResponse:
    """Revoke the certificate of this connection. Form parameter ``reason``, optional.

    Answers 200 with a text, also when it was revoked already: that it is, is what was asked for.
    """
    certificate = issued_certificate(peer_of(request).certificate(EnrolmentRefused))
    if certificate.enrolment is not None:
        identify(request, certificate.enrolment.participant)
    reason = check_reason(request.POST.get("reason") or "unspecified")
    now = configuration.utc_now()
    check_not_outlived(certificate, now)
    revoked = revoke(certificate, reason, now, by_operator=False)
    record = revoked.record
    events.accepted(
        request,
        EVENT,
        detail={
            "serial": record.serial,
            "reason": record.revocation_reason,
            "also": [each.serial for each in revoked.also],
            "repeated": revoked.is_repeated,
        },
    )
    publish_revocations(now)
    since = f"{record.revoked_at:%Y-%m-%d %H:%M:%S} UTC, {record.revocation_reason}"
    return HttpResponse(f"{record.serial} is revoked since {since}\n", content_type=TEXT)


@enforces(REASON)
def check_reason(name: str) -> x509.ReasonFlags:
    """One that is about the holder's own key or business."""
    try:
        return reason_named(name[:LONGEST_REASON], HOLDERS)
    except UnknownReason as error:
        told = f"{str(error)[0].upper()}{str(error)[1:]}"
        raise RequestMalformed(REASON, told, presented=name[:LONGEST_REASON]) from None


@enforces(EXPIRED)
def check_not_outlived(certificate: IssuedCertificate, now: datetime) -> None:
    """RFC 5280 §6.1.3 (a)(2): an expired certificate proves nothing about its holder.

    But as long as it would be taken for a renewal, there is something to revoke.
    """
    if not certificate.is_expired(now):
        return
    try:
        check_is_latest_if_expired(certificate, now)
        check_window(certificate, timedelta(seconds=settings.RENEWAL_AFTER_EXPIRY_SECONDS), now)
    except EnrolmentRefused as outlived:
        raise EnrolmentRefused(
            EXPIRED, "The certificate has expired; ask the operator to revoke it", **outlived.detail
        ) from None
