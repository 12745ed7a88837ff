"""``GET /status-lists/<number>``: which of the tokens with a place in this list are revoked.

draft-ietf-oauth-status-list-21 §8.1 and §8.2; RFC 9110 §13.1.2 for ``If-None-Match``. Public: the list says
of no token whose it is.
"""

from django.conf import settings
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from authserver.client_authentication import http
from authserver.issued_tokens.models import IssuedToken
from authserver.keys.store import signing_key_store
from authserver.status_list.places import list_uri
from authserver.status_list.signed_list import ListContent, signed
from sender_constraint.django.conf import library_settings
from sender_constraint.jose.status_lists import MEDIA_TYPE

# What the column holds in any database.
LARGEST_NUMBER = 2**31 - 1


@require_safe
def status_list(request: HttpRequest, number: int) -> HttpResponse:
    """The signed list; 304 where the caller has it, 404 where no token has a place in it."""
    content = _content(number)
    key = signing_key_store().load().signing
    now = int(http.clock().timestamp())
    entity_tag = content.entity_tag(key, now)
    response = get_conditional_response(request, etag=entity_tag)
    if not isinstance(response, HttpResponseNotModified):
        claims = content.claims(settings.ISSUER, max(1, library_settings().revocation_seconds), now)
        response = HttpResponse(signed(claims, key), content_type=MEDIA_TYPE)
    response.headers["ETag"] = entity_tag
    # Whoever stands in between asks each time too: the promise counts from the asking.
    response.headers["Cache-Control"] = "no-cache"
    return response


def _content(number: int) -> ListContent:
    """Read from the record of issued tokens. Raises Http404."""
    if number > LARGEST_NUMBER:
        raise Http404
    placed = IssuedToken.objects.filter(status_list=number)
    # The size that a setting had when the tokens were issued may have been another one.
    last = placed.aggregate(last=Max("status_index"))["last"]
    if last is None:
        raise Http404
    revoked = placed.filter(revoked_at__isnull=False).values_list("status_index", flat=True)
    size = max(settings.STATUS_LIST_SIZE, last + 1)
    return ListContent(
        list_uri(settings.ISSUER, number), size, [index for index in revoked if index is not None]
    )
