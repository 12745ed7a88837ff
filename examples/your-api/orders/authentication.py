"""Bearer tokens (RFC 6750): whoever holds one may use it."""

import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


@dataclass(frozen=True)
class Client:
    """Who calls."""

    client_id: str
    is_authenticated: bool = True


class BearerAuthentication(BaseAuthentication):
    """Takes a token of the issuer from whoever holds it."""

    def authenticate(self, request: Request) -> tuple[Client, dict[str, Any]] | None:
        """The client, and the claims of its token."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            key = keys().get_signing_key_from_jwt(token)
            claims = jwt.decode(
                token, key, algorithms=["ES256"], audience=settings.RESOURCE, issuer=settings.ISSUER
            )
        except jwt.PyJWTError as error:
            raise AuthenticationFailed(str(error)) from error
        return Client(claims["client_id"]), claims

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - the framework's signature
        """The challenge."""
        return "Bearer"


class HasScope(BasePermission):
    """Demands the scope of the view."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the token has it."""
        return request.auth is not None and view.required_scope in request.auth["scope"].split()


@cache
def keys() -> jwt.PyJWKClient:
    """The issuer's keys."""
    return jwt.PyJWKClient(
        settings.JWKS_URL, ssl_context=ssl.create_default_context(cafile=settings.TRUST_BUNDLE)
    )
