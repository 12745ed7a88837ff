"""What this server answers while something that it stands on is away."""

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from authserver.keys.store import NoSigningKey
from sender_constraint.core.errors import TemporarilyUnavailable
from sender_constraint.core.guidance import RETRY_LATER
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django import events
from sender_constraint.django.middleware import ExceptionAnswers, refusal_response
from sender_constraint.django.problem_details import DATABASE, TRUST
from sender_constraint.django.trust import NoTrustAnchors

SIGNING_KEY = rule(
    "service.signing-key", "RFC 9110 §15.6.4", "There is no usable key to sign tokens with."
).explained("a key to sign tokens with", "no usable key", RETRY_LATER)


class Outages(ExceptionAnswers):
    """Answer 503 (RFC 9110 §15.6.4) without database, signing key or trust anchors, and record why."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for an outage."""
        refusal = outage_of(exception)
        if refusal is None:
            return None
        events.refused(request, refusal)
        return refusal_response(refusal)


@enforces(SIGNING_KEY)
def outage_of(exception: Exception) -> TemporarilyUnavailable | None:
    """What is away, as a refusal; None for anything else."""
    match exception:
        case OperationalError():
            reason = DATABASE
        case NoTrustAnchors():
            reason = TRUST
        case NoSigningKey():
            reason = SIGNING_KEY
        case _:
            return None
    return TemporarilyUnavailable(reason, "Temporarily unavailable", problem=str(exception))
