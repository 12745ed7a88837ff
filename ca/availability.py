"""What every address says while the authority has no usable keys or no register, or has ended: not now."""

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from ca.authority.directory import NoAuthority
from ca.authority.hierarchy import AuthorityExpired
from ca.register.own_records import AuthorityRevoked
from sender_constraint.core.events import NotRecorded
from sender_constraint.core.guidance import RETRY_LATER
from sender_constraint.core.rules import enforces, rule
from sender_constraint.django import events
from sender_constraint.django.middleware import ExceptionAnswers
from sender_constraint.django.problem_details import DATABASE, unavailable
from sender_constraint.django.problems import Problem

AUTHORITY = rule(
    "service.authority",
    "RFC 9110 §15.6.4",
    "The CA's own keys or certificates are unusable, expired or revoked.",
).explained("the CA's keys and certificates", "no usable ones", RETRY_LATER)


class Availability(ExceptionAnswers):
    """Answer 503 with a text for people (RFC 8951 §5), and record the cause."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for an authority that cannot be used."""
        problem = outage_of(exception)
        if problem is None:
            return None
        events.refused(request, problem)
        why = "The certificate authority is temporarily unavailable."
        return HttpResponse(
            f"{exception.description if isinstance(exception, NotRecorded) else why}\n",
            status=problem.status,
            content_type="text/plain; charset=utf-8",
            headers={"Cache-Control": "no-store", **problem.headers},
        )


@enforces(AUTHORITY)
def outage_of(exception: Exception) -> Problem | None:
    """What is away, as a problem; None for anything else."""
    match exception:
        case NoAuthority() | AuthorityExpired() | AuthorityRevoked():
            return unavailable(AUTHORITY, str(exception))
        case OperationalError():
            return unavailable(DATABASE, str(exception))
        case NotRecorded():
            return unavailable(exception.rule, exception.description)
    return None
