"""``POST /introspect`` (RFC 7662 §2, https://www.rfc-editor.org/rfc/rfc7662)."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from authserver.client_authentication import requests
from authserver.introspection.access import NotShown
from authserver.introspection.answers import INACTIVE, SIGNED_MEDIA_TYPE, answer_about, signed_answer
from authserver.issued_tokens.presented import presented_token
from authserver.issued_tokens.register import find
from authserver.keys.store import signing_key_store
from authserver.tokens.forms import form_of, kept_out_of_caches
from sender_constraint.django import events

_JSON = "application/json"


def introspect(request: HttpRequest) -> HttpResponse:
    """Say what a token is worth now. Whatever does not concern the caller is inactive (§2.2)."""
    form = form_of(request)
    caller = requests.authenticated_client(request, form).client
    token = presented_token(form)
    keys, now = signing_key_store().load(), requests.clock()
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
        return kept_out_of_caches(HttpResponse(body, content_type=SIGNED_MEDIA_TYPE))
    return kept_out_of_caches(JsonResponse(answer))
