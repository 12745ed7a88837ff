"""What this server answers while something that it stands on is away."""

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from authserver.keys.store import NoSigningKey
from sender_constraint.django import audit
from sender_constraint.django.middleware import Handler, refusal_response
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


class Outages:
    """Answer 503 (RFC 9110 §15.6.4) without database, signing key or trust anchors, and record why."""

    def __init__(self, get_response: Handler) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on: Django calls process_exception by itself."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for an outage; anything else is not ours."""
        refusal = outage_of(exception)
        if refusal is None:
            return None
        match = request.resolver_match
        audit.refused(request, refusal, event=match.view_name if match else "request")
        response = refusal_response(refusal)
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response


@enforces(SIGNING_KEY)
def outage_of(exception: Exception) -> TemporarilyUnavailable | None:
    """What is away, as a refusal; None for anything else."""
    match exception:
        case DatabaseError():
            reason = DATABASE
        case NoTrustAnchors():
            reason = TRUST
        case NoSigningKey():
            reason = SIGNING_KEY
        case _:
            return None
    return TemporarilyUnavailable(reason, "the service is not available now", problem=str(exception))
