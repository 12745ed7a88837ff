"""``/directory``: who takes part, and the key by which software statements are verified.

The key is served over TLS and in the clear: over TLS for those who fetch it, since no one else vouches for it
(RFC 7591 §5).
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from ca.directory.configuration import directory_issuer, statement_key
from ca.directory.statements import participants


@require_safe
def participant_list(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The participants, as plain facts; not signed."""
    return JsonResponse({"directory": directory_issuer(), "participants": participants()})


@require_safe
def jwks(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The JWK Set (RFC 7517 §5)."""
    return JsonResponse(statement_key().public_jwks(), content_type="application/jwk-set+json")
