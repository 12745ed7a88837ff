"""OCSP over HTTP (RFC 6960 Appendix A, RFC 9919 §6 and §7.2) and the revocation lists (RFC 2585 §4.2).

https://www.rfc-editor.org/rfc/rfc6960 https://www.rfc-editor.org/rfc/rfc9919
https://www.rfc-editor.org/rfc/rfc2585
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ocsp as ocsp_messages
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import http_date
from django.views.decorators.http import require_POST, require_safe

from ca.authority.directory import NoAuthority
from ca.availability import outage_of
from ca.register import configuration
from ca.register.views import known
from ca.status.authorities import responder_store_of, status_authority
from ca.status.lists import check_published, latest_list
from ca.status.refusals import StatusRefused, TryLater
from ca.status.requests import StatusRequest, check_media_type, decode_path, read_request
from ca.status.responder import Answer, Responder, authority_asked_about, status_of
from sender_constraint.django import events

RESPONSE_MEDIA_TYPE = "application/ocsp-response"  # RFC 6960 Appendix C.2
LIST_MEDIA_TYPE = "application/pkix-crl"  # RFC 2585 §4.2
EVENT = "ocsp"


@require_POST
def ocsp(request: HttpRequest) -> HttpResponse:
    """The status of a certificate, by POST (RFC 6960 Appendix A.1)."""

    def asked() -> StatusRequest:
        check_media_type(request.content_type)
        return read_request(request.body)

    return _answered(request, asked, lambda _asked, answer, _now: _response(answer.der))


@require_safe
def ocsp_by_path(request: HttpRequest, encoded: str) -> HttpResponse:
    """The same by GET, for caches in between (RFC 9919 §6): the request stands in the path, base64."""
    return _answered(request, lambda: read_request(decode_path(encoded)), _cacheable)


@require_safe
def revocation_list(request: HttpRequest, authority: str) -> HttpResponse:
    """The latest revocation list of an authority, DER; a cache asks each time for it."""
    latest = check_published(latest_list(status_authority(known(authority))))
    headers = {
        "ETag": f'"{latest.number}"',
        "Last-Modified": http_date(latest.this_update.timestamp()),
        "Cache-Control": "public, no-cache, no-transform",
    }
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(bytes(latest.der), content_type=LIST_MEDIA_TYPE, headers=headers)


def _answered(
    request: HttpRequest,
    asked: Callable[[], StatusRequest],
    respond: Callable[[StatusRequest, Answer, datetime], HttpResponse],
) -> HttpResponse:
    try:
        question = asked()
        now = configuration.utc_now()
        return respond(question, _answer(question, now), now)
    except StatusRefused as refusal:
        events.refused(request, refusal, event=EVENT)
        return _unsuccessful(refusal)
    except (NoAuthority, OperationalError) as outage:
        problem = outage_of(outage)
        if problem is None:
            raise
        events.refused(request, problem, event=EVENT)
        return _unsuccessful(TryLater(problem.rule, problem.description))


def _answer(question: StatusRequest, now: datetime) -> Answer:
    authority = authority_asked_about(question)
    status = status_of(authority, question.serial_number)
    return _responder(authority.responder_purpose).answer(question, status, now)


@cache
def _responder(purpose: str) -> Responder:
    """That of this process: what it has signed may be given again."""
    validity = timedelta(seconds=settings.OCSP_VALIDITY_SECONDS)
    return Responder(responder_store_of(purpose).store, validity)


def _response(der: bytes, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(der, status=status, content_type=RESPONSE_MEDIA_TYPE, headers=headers)


def _cacheable(question: StatusRequest, answer: Answer, now: datetime) -> HttpResponse:
    """RFC 9919 §7.2; what answers a nonce is for one client, once.

    A cache lets go of a response when this responder would sign the next one.
    """
    fresh_until = answer.reusable_until if question.nonce is None else now
    seconds = max(0, int((fresh_until - now).total_seconds()))
    return _response(
        answer.der,
        headers={
            "Last-Modified": http_date(answer.this_update.timestamp()),
            "Expires": http_date(now.timestamp() + seconds),
            "ETag": f'"{hashlib.sha256(answer.der).hexdigest()}"',
            "Cache-Control": f"max-age={seconds}, public, no-transform, must-revalidate",
        },
    )


def _unsuccessful(refusal: StatusRefused) -> HttpResponse:
    """RFC 6960 §4.2.1: a status and nothing else, unsigned; RFC 9919 §7.2: which nobody keeps."""
    response = ocsp_messages.OCSPResponseBuilder.build_unsuccessful(refusal.response_status)
    der = response.public_bytes(serialization.Encoding.DER)
    return _response(der, refusal.status, {"Cache-Control": "no-store"})
