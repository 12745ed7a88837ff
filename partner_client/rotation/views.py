"""How the partner's service is: for the supervisor, and for people."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from operations.status.current import status_document
from operations.status.health import healthy_with
from operations.status.tables import tables_of, time_text
from partner_client.rotation.keys import key_set, serving_keys
from partner_client.rotation.status import NOT_NEEDED, certificate_rows, certificate_status
from sender_constraint.certificates.rotation import RenewalPolicy
from sender_constraint.core.clock import utc_now

# Its certificate is no need: without one there is all the more to show.
health = healthy_with()


@require_safe
def jwks(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """``GET /jwks``: the public keys of our assertions (RFC 7517 §5), those included that will sign next."""
    return JsonResponse(
        key_set(), content_type="application/jwk-set+json", headers={"Cache-Control": "no-cache"}
    )


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """``GET /``: for people, what ``manage.py status`` says, and our certificate."""
    document = _document()
    context = {
        "status": document,
        "as_of": time_text(document["time"]),
        "certificate": certificate_rows(document["certificate"]),
        "tables": tables_of(document),
    }
    answer = render(request, "rotation/home.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_safe
def status(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - Django's signature
    """``GET /status``: the same for programs, as ``manage.py status --json`` has it."""
    return JsonResponse(_document(), headers={"Cache-Control": "no-store"}, json_dumps_params={"indent": 1})


def _document() -> dict[str, Any]:
    """As whom we call whom, how long our certificate lives, and how this service is."""
    declared = settings.CERTIFICATE_STORES.get("client")
    return {
        "client_id": settings.CLIENT_ID,
        "issuer": settings.ISSUER,
        "api": settings.API_URL,
        "authenticates_by": settings.CLIENT_AUTH_METHOD,
        "tokens_bound_by": settings.TOKEN_BINDING,
        "keys": serving_keys(utc_now()),
        "certificate": (
            NOT_NEEDED if declared is None else certificate_status(declared.store, utc_now(), RenewalPolicy())
        ),
        **status_document(),
    }
