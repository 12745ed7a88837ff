"""The OpenAPI 3.1 document of this API, and what all operations in it have in common."""

import json
from functools import cache
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from bank_api.views import ProtectedView
from sender_constraint.django.problem_details import MEDIA_TYPE

_JSON = "application/json"


class OAuthErrorSerializer(serializers.Serializer[Any]):
    """An error of OAuth: RFC 6750 §3.1; the challenge in WWW-Authenticate says the same."""

    error = serializers.ChoiceField(
        choices=[
            "invalid_request",
            "invalid_token",
            "insufficient_scope",
            "invalid_dpop_proof",
            "use_dpop_nonce",
            "temporarily_unavailable",
        ]
    )
    error_description = serializers.CharField()


class PointedErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with one member of the body."""

    pointer = serializers.CharField(help_text="JSON pointer (RFC 6901), as a fragment.")
    detail = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """A problem outside OAuth: RFC 9457 §3."""

    type = serializers.CharField(help_text="A URI; about:blank says no more than the status.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(required=False)
    # The member's name on the wire; a field hides the serializer's own property of that name.
    errors = PointedErrorSerializer(many=True, required=False)  # type: ignore[assignment]  # as said above


def answers(
    serializer: type[serializers.BaseSerializer[Any]], *problems: int, success: int = 200
) -> dict[tuple[int, str], OpenApiResponse]:
    """The answers of an operation: its own, the problems it may have, and those of every operation."""
    bodies = {
        (success, _JSON): serializer,
        # 400: a token in the query string, or a malformed Authorization header. 401 as a problem: no token.
        # 503: the status of the caller's certificate, or of the token, cannot be had.
        **{(status, _JSON): OAuthErrorSerializer for status in (400, 401, 403, 503)},
        # 429: more unknown opaque tokens than the API asks about.
        **{(status, MEDIA_TYPE): ProblemSerializer for status in (401, *problems, 406, 429, 503)},
    }
    return {key: OpenApiResponse(body, HTTPStatus(key[0]).phrase) for key, body in bodies.items()}


class CertificateBoundToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped there
    """A token, and the proof that it needs: a certificate in the handshake, or a signature in a header."""

    target_class = "sender_constraint.django.authentication.BoundTokenAuthentication"
    name = ["mutualTLS", "bearer", "dpop"]  # noqa: RUF012  # the framework's attribute

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:  # noqa: ARG002  # its signature
        """The schemes of OpenAPI 3.1 §4.8.27."""
        return [
            {"type": "mutualTLS", "description": "The certificate that the access token is bound to."},
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "at+jwt",
                "description": "A JWT of RFC 9068 or an opaque token, bound by cnf.x5t#S256 (RFC 8705 §3).",
            },
            {
                "type": "http",
                "scheme": "DPoP",
                "description": "The same, bound by cnf.jkt, and a proof (RFC 9449 §7).",
            },
        ]

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[str]]]:
        """The certificate and a token with the scope of the view, or such a token with DPoP."""
        scopes = [_scope(auto_schema)]
        return [{"mutualTLS": [], "bearer": scopes}, {"dpop": scopes}]


class UnboundToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped there
    """A token alone."""

    target_class = "sender_constraint.django.authentication.UnboundTokenAuthentication"
    name = "unboundBearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002  # its signature
        """The scheme of OpenAPI 3.1 §4.8.27."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "at+jwt",
            "description": "An access token of RFC 9068 of the demo's bearer client, bound to nothing.",
        }

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[str]]:
        """A token with the scope of the view."""
        return {"unboundBearer": [_scope(auto_schema)]}


@require_safe
def document(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  # Django's signature
    """The document; public, since it holds no secret."""
    return HttpResponse(_document(), content_type=_JSON)


@cache
def _document() -> bytes:
    """Made once in a process: it takes long, and anyone may ask."""
    # Of the API's addresses, whichever of this service's ports it is that answers.
    generator = SchemaGenerator(urlconf="bank_api.urls")  # type: ignore[no-untyped-call]  # untyped there
    return json.dumps(generator.get_schema(request=None, public=True)).encode()  # type: ignore[no-untyped-call]  # untyped there


def _scope(auto_schema: AutoSchema) -> str:
    return cast(ProtectedView, auto_schema.view).required_scope
