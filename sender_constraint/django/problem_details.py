"""Problem Details for HTTP APIs (RFC 9457), for everything that is not an error of OAuth.

A Problem is a Refusal too: it has a rule and a private detail, and is recorded like any other. Errors of
OAuth keep the form of RFC 6749 §5.2 and their challenge (RFC 6750 §3), since clients look for them there.

https://www.rfc-editor.org/rfc/rfc9457
"""

import math
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
    UnreadablePostError,
)
from rest_framework import exceptions

from sender_constraint.core.errors import InsufficientScope, Refusal, TemporarilyUnavailable
from sender_constraint.core.events import HTTP_REQUEST
from sender_constraint.core.guidance import RETRY_LATER, SEE_OPENAPI
from sender_constraint.core.rules import Rule, enforces, rule
from sender_constraint.django import events
from sender_constraint.django.challenge import resource_challenge
from sender_constraint.django.middleware import ExceptionAnswers, Handler, refusal_response
from sender_constraint.django.problems import (
    BadRequest,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    Problem,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from sender_constraint.django.trust import NoTrustAnchors
from sender_constraint.resource_server.issuer_keys import KeysUnavailable
from sender_constraint.resource_server.presentation import NoCredentials

MEDIA_TYPE = "application/problem+json"
EVENT = "api.call"

MALFORMED = rule(
    "request.malformed", "RFC 9110 §15.5.1", "The request is malformed or incomplete."
).explained("a complete, well-formed request", "an incomplete or malformed one", SEE_OPENAPI)
MEMBERS = rule(
    "request.body-members", "RFC 9457 §3", "The body has missing, unknown or invalid members."
).explained("the members in the OpenAPI document, and no others", "errors at {errors}", SEE_OPENAPI)
PATH = rule("request.path", "RFC 9110 §15.5.5", "The path does not exist.").explained(
    "a path of this service", "{method} {path}", SEE_OPENAPI
)
METHOD = rule("request.method", "RFC 9110 §15.5.6", "The resource does not support this method.").explained(
    "a method that the resource supports",
    "{method} {path}",
    "Use a method listed in the response's Allow header.",
)
ACCEPT = rule("request.accept", "RFC 9110 §15.5.7", "The Accept header excludes JSON.").explained(
    "Accept: application/json, or no such header", "another Accept header", SEE_OPENAPI
)
MEDIA = rule("request.media-type", "RFC 9110 §15.5.16", "The body is not application/json.").explained(
    "Content-Type: application/json", "another media type", "Send the header Content-Type: application/json."
)
DATABASE = rule("service.database", "RFC 9110 §15.6.4", "The database is locked or unreachable.").explained(
    "a working database", "a database that is locked or unreachable", RETRY_LATER
)
TRUST = rule("service.trust-anchors", "RFC 9110 §15.6.4", "The trust bundle cannot be read.").explained(
    "the scheme's certificate authorities", "a trust bundle that cannot be read", RETRY_LATER
)
ISSUER_KEYS = rule("service.issuer-keys", "RFC 9110 §15.6.4", "The issuer's keys are unavailable.").explained(
    "the authorization server's keys, to verify the token", "none: {reason}", RETRY_LATER
)


def exception_handler(exception: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """Django REST Framework's EXCEPTION_HANDLER: the answer to what a view raised, and its audit event.

    None for what is neither refusal nor problem: a defect, which Django logs and answers by server_error.
    """
    refusal = problem_of(exception) or (exception if isinstance(exception, Refusal) else None)
    if refusal is None:
        return None
    events.refused(context["request"]._request, refusal, event=EVENT)
    if isinstance(refusal, Problem):
        return problem_response(refusal)
    # RFC 6750 §3.1: who presented nothing is told no error code, and nothing about an error.
    response = _status_alone(401) if isinstance(refusal, NoCredentials) else refusal_response(refusal)
    # RFC 6750 §3.1: insufficient_scope says which scope the resource needs.
    scope = context["view"].required_scope if isinstance(refusal, InsufficientScope) else None
    response.headers["WWW-Authenticate"] = resource_challenge(
        context["request"]._request.headers.get("Authorization"), refusal, scope
    )
    return response


class Problems(ExceptionAnswers):
    """Middleware: the same for views that are not Django REST Framework's."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for what is a problem."""
        problem = exception if isinstance(exception, Problem) else problem_of(exception)
        return None if problem is None else _answered(request, problem)


def methods(get_response: Handler) -> Handler:
    """Middleware: a method that a plain view does not have is a problem too, and recorded."""

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        problem = MethodNotAllowed(METHOD, "The resource does not support this method")
        problem.headers = {"Allow": response.headers["Allow"]}
        return _answered(request, problem)

    return handle


def _answered(request: HttpRequest, problem: Problem) -> HttpResponse:
    events.refused(request, problem, event=HTTP_REQUEST)
    return problem_response(problem)


def problem_response(problem: Problem) -> HttpResponse:
    """The response of RFC 9457 §3, never stored by a cache."""
    body = {
        "type": problem.type_uri,
        # RFC 9457 §4.2.1: with about:blank, the title is the phrase of the status.
        "title": problem.title or HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.description,
        **problem.members,
    }
    headers = {"Cache-Control": "no-store", **problem.headers}
    return JsonResponse(body, status=problem.status, content_type=MEDIA_TYPE, headers=headers)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler404: nothing listens at this path."""
    del exception  # it lists the paths of this service
    return _answered(request, NotFound(PATH, "This path does not exist"))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a request that Django itself finds suspicious."""
    problem = BadRequest(MALFORMED, "The request is malformed", reason=type(exception).__name__)
    return _answered(request, problem)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: a defect. Django has logged the traceback; the caller learns only that."""
    events.recorded(request, "service.defect", status=500)
    return _status_alone(500)


def _status_alone(status: int) -> HttpResponse:
    """RFC 9457 §4.2.1: problem details that say no more than the status does."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return JsonResponse(body, status=status, content_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


@enforces(MALFORMED, MEMBERS, PATH, METHOD, ACCEPT, MEDIA, DATABASE, TRUST, ISSUER_KEYS)
def problem_of(exception: Exception) -> Problem | None:
    """What the framework refuses by itself, and what is away, as a problem; None for a defect."""
    match exception:
        case exceptions.ValidationError():
            return _members_problem(exception)
        case UnreadablePostError():
            return BadRequest(MALFORMED, "The body is incomplete")
        case exceptions.ParseError() | SuspiciousOperation():
            return BadRequest(MALFORMED, "The request is malformed", reason=type(exception).__name__)
        case Http404() | exceptions.NotFound():
            return NotFound(PATH, "This path does not exist")
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(METHOD, "The resource does not support this method")
        case exceptions.NotAcceptable():
            return NotAcceptable(ACCEPT, "The resource is available as application/json only")
        case exceptions.UnsupportedMediaType():
            return UnsupportedMediaType(MEDIA, "The body must be application/json")
        case TemporarilyUnavailable():
            return _later(exception)
        case KeysUnavailable():
            return unavailable(ISSUER_KEYS, exception.reason, exception.retry_after_seconds)
        case NoTrustAnchors():
            return unavailable(TRUST, str(exception))
        case OperationalError():
            # SQLite: locked for longer than its timeout; PostgreSQL: away, or no connection left in the pool.
            return unavailable(DATABASE, str(exception))
    return None


def unavailable(rule: Rule, reason: str, retry_after_seconds: float = 1) -> Problem:
    """Something is away. reason: for the event. RFC 9110 §10.2.3: Retry-After is in whole seconds."""
    problem = ServiceUnavailable(rule, "Temporarily unavailable", reason=reason)
    problem.headers = {"Retry-After": str(math.ceil(retry_after_seconds))}
    return problem


def _later(refusal: TemporarilyUnavailable) -> Problem:
    problem = ServiceUnavailable(refusal.rule, refusal.description, status=refusal.status, **refusal.detail)
    problem.headers = {"Retry-After": str(math.ceil(refusal.retry_after_seconds))}
    return problem


def _members_problem(exception: exceptions.ValidationError) -> Problem:
    """RFC 9457 §3 shows this form: ``errors``, each with a JSON pointer (RFC 6901) and a detail."""
    problem = BadRequest(MEMBERS, "The body has missing, unknown or invalid members")
    problem.members = {"errors": list(_pointers(exception.detail, "#"))}
    problem.detail.update(problem.members)
    return problem


def _pointers(detail: Any, pointer: str) -> Iterator[dict[str, str]]:
    if isinstance(detail, Mapping):
        for name, value in detail.items():
            yield from _pointers(value, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list):
        for each in detail:
            yield from _pointers(each, pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail)}
