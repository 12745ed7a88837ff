"""``POST /revoke`` (RFC 7009 §2, https://www.rfc-editor.org/rfc/rfc7009)."""

from django.http import HttpRequest, HttpResponse

from authserver.client_authentication import http
from authserver.endpoints.forms import read_form
from authserver.endpoints.responses import no_store
from authserver.issued_tokens import register
from authserver.issued_tokens.models import IssuedToken
from authserver.issued_tokens.presented import presented_token
from authserver.revocation.access import NotRevoked, check_issued, check_own, check_token_type
from operations.audit.trail import check_trail
from sender_constraint.django import events


def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke one of the client's own tokens. The answer is 200 whether there was one or not (§2.2)."""
    check_trail()
    form = read_form(request)
    client = http.authenticate_client_once(request, form)
    token = presented_token(form)
    check_token_type(token)
    issued = register.find(token)
    try:
        check_issued(issued)
        check_own(client, issued)
    except NotRevoked as refusal:
        events.refused(request, refusal)
    else:
        _revoke(request, issued)
    return no_store(HttpResponse())


def _revoke(request: HttpRequest, issued: IssuedToken | None) -> None:
    if issued is None:
        return
    first = register.revoke(issued, http.clock())
    detail = {"jti": issued.jti, "audience": issued.audience, "of": issued.client_id, "again": not first}
    events.accepted(request, "token.revoked", section="RFC 7009 §2.2", detail=detail)
