"""What EST says when it does not give a certificate: a status, and a text for people.

RFC 7030 §4.2.3 (https://www.rfc-editor.org/rfc/rfc7030) as clarified in RFC 8951 §5: text/plain.
"""

import functools
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from ca.authority.refusals import EnrolmentRefused
from ca.enrolment.authentication import REALM
from ca.register.models import Participant
from operations.audit.trail import check_trail
from sender_constraint.django import events

TEXT = "text/plain; charset=utf-8"

View = Callable[[HttpRequest], HttpResponse]


def answering(event: str) -> Callable[[View], View]:
    """Give a view the answers of this module, and its refusals an audit event of this name."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            check_trail()
            try:
                response = view(request)
            except EnrolmentRefused as refusal:
                events.refused(request, refusal, event=event)
                response = refusal_response(refusal)
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


def identify(request: HttpRequest, participant: Participant) -> None:
    """Name the authenticated caller in the audit events of this request, accepted or refused."""
    request.client_id = participant.name  # type: ignore[attr-defined]  # HttpRequest declares no such attribute


def refusal_response(refusal: EnrolmentRefused) -> HttpResponse:
    """The public side of a refusal; where credentials failed, with the challenge of RFC 7617 §2."""
    response = HttpResponse(f"{refusal.description}\n", status=refusal.status, content_type=TEXT)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = f'Basic realm="{REALM}", charset="UTF-8"'
    return response
