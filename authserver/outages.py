"""What this server answers while something that it stands on is away."""

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from authserver.keys.store import NoSigningKey
from sender_constraint.django import audit
from sender_constraint.django.middleware import ExceptionAnswers, refusal_response
from sender_constraint.django.problem_details import DATABASE, TRUST
from sender_constraint.django.trust import NoTrustAnchors
from sender_constraint.errors import Refusal
from sender_constraint.rules import enforces, rule

RETRY_AFTER_SECONDS = 1

SIGNING_KEY = rule("service.signing-key", "RFC 9110 §15.6.4", "There is no usable key to sign tokens with.")


class TemporarilyUnavailable(Refusal):
    """The server cannot answer now; the next call may succeed (RFC 6749 §4.1.2.1 registers the code)."""

    code = "temporarily_unavailable"
    default_status = 503


class Outages(ExceptionAnswers):
    """Answer 503 (RFC 9110 §15.6.4) without database, signing key or trust anchors, and record why."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for an outage."""
        refusal = outage_of(exception)
        if refusal is None:
            return None
        audit.refused(request, refusal)
        response = refusal_response(refusal)
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response


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
    return TemporarilyUnavailable(reason, "The service is not available now", problem=str(exception))
