"""``GET /jwks``: the public keys by which tokens are verified (RFC 7517 §5, https://www.rfc-editor.org/rfc/rfc7517)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from authserver.keys.store import signing_key_store


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """The JWK Set; whoever caches it may keep it for ``JWKS_MAX_AGE_SECONDS``."""
    response = JsonResponse(signing_key_store().load().public_jwks())
    response.headers["Cache-Control"] = f"public, max-age={settings.JWKS_MAX_AGE_SECONDS}"
    return response
