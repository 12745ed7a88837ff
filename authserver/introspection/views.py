"""``POST /introspect`` (RFC 7662 §2, https://www.rfc-editor.org/rfc/rfc7662)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from authserver.client_authentication import http
from authserver.endpoints.forms import read_form
from authserver.endpoints.responses import no_store
from authserver.introspection.access import NotShown
from authserver.introspection.answers import INACTIVE, SIGNED_MEDIA_TYPE, answer_about, signed_answer
from authserver.issued_tokens.presented import presented_token
from authserver.issued_tokens.register import find
from authserver.keys.store import signing_key_store
from sender_constraint.django import events

_JSON = "application/json"


def introspect(request: HttpRequest) -> HttpResponse:
    """Say what a token is worth now. Whatever does not concern the caller is inactive (§2.2)."""
    form = read_form(request)
    caller = http.authenticate_client_once(request, form)
    token = presented_token(form)
    keys, now = signing_key_store().load(), http.clock()
    try:
        published = {key.kid for key in keys.published}
        answer: dict[str, Any] = answer_about(token, find(token), caller, published, now)
    except NotShown as refusal:
        events.refused(request, refusal)
        answer = INACTIVE
    else:
        shown = {"jti": answer.get("jti"), "of": answer.get("client_id")}
        events.accepted(request, "token.introspected", section="RFC 7662 §2.2", detail=shown)
    # RFC 9701 §4: whoever asks for a signed answer gets one.
    if request.get_preferred_type([_JSON, SIGNED_MEDIA_TYPE]) == SIGNED_MEDIA_TYPE:
        body = signed_answer(answer, caller, settings.ISSUER, now, keys.signing)
        return no_store(HttpResponse(body, content_type=SIGNED_MEDIA_TYPE))
    return no_store(JsonResponse(answer))
