"""What the bodies of requests and answers look like: JSON Schema 2020-12, as OpenAPI 3.1 has it."""

from collections.abc import Sequence
from typing import Any

from authserver.tokens.grants import GRANT_TYPES_SUPPORTED
from sender_constraint.errors import (
    InvalidClient,
    InvalidDpopProof,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    TemporarilyUnavailable,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedTokenType,
    UseDpopNonce,
)

Object = dict[str, Any]

# RFC 6749 §5.2, RFC 8707 §2, RFC 7009 §2.2.1, RFC 9449 §5 and §8.
ERRORS = (
    InvalidRequest,
    InvalidClient,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    InvalidTarget,
    UnsupportedTokenType,
    InvalidDpopProof,
    UseDpopNonce,
    TemporarilyUnavailable,
)
_TEXT: Object = {"type": "string"}
_TEXTS: Object = {"type": "array", "items": _TEXT}
_URI: Object = {"type": "string", "format": "uri"}
_ENDPOINTS: Object = dict.fromkeys(("token_endpoint", "introspection_endpoint", "revocation_endpoint"), _URI)
# RFC 7515 §2: base64url without padding; a coordinate of P-256 has 32 octets.
_COORDINATE: Object = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}


def _object(required: Object, optional: Object | None = None) -> Object:
    members = required | (optional or {})
    return {
        "type": "object",
        "required": list(required),
        "properties": members,
        "additionalProperties": False,
    }


def token_request(scopes: Sequence[str], resources: Sequence[str]) -> Object:
    """The form of RFC 6749 §4.4.2 with client_id (RFC 8705 §2) and resource (RFC 8707 §2)."""
    return {
        "type": "object",
        "required": ["grant_type", "client_id"],
        "properties": {
            "grant_type": {"type": "string", "enum": list(GRANT_TYPES_SUPPORTED)},
            "client_id": {"type": "string", "minLength": 1, "maxLength": 128},
            "scope": {
                "type": "string",
                "description": f"Values with single spaces between: {', '.join(scopes)}. Omitted: all.",
            },
            "resource": {
                "type": "string",
                "enum": list(resources),
                "description": "The API that the token is for. Omitted: the client's default.",
            },
        },
    }


SCHEMAS: Object = {
    "Token": _object(
        {
            "access_token": {"type": "string", "description": "A JWT of RFC 9068, bound by cnf.x5t#S256."},
            "token_type": {"const": "Bearer"},
            "expires_in": {"type": "integer", "minimum": 0, "description": "In seconds."},
            "scope": _TEXT,
        }
    ),
    "Error": _object(
        {"error": {"type": "string", "enum": [each.code for each in ERRORS]}, "error_description": _TEXT}
    ),
    "TokenParameter": {
        "type": "object",
        "required": ["client_id", "token"],
        "properties": {
            "client_id": {"type": "string", "minLength": 1, "maxLength": 128},
            "token": {"type": "string", "minLength": 1},
            "token_type_hint": {"type": "string", "description": "Not needed, and not read."},
        },
    },
    "Introspection": {
        "oneOf": [
            _object({"active": {"const": False}}),
            _object(
                {
                    "active": {"const": True},
                    "token_type": {"enum": ["Bearer", "DPoP"]},
                    "iss": _URI,
                    "sub": _TEXT,
                    "aud": _URI,
                    "exp": {"type": "integer"},
                    "iat": {"type": "integer"},
                    "jti": _TEXT,
                    "client_id": _TEXT,
                    "scope": _TEXT,
                },
                {"cnf": {"type": "object", "minProperties": 1, "additionalProperties": _TEXT}},
            ),
        ]
    },
    "SignedAnswer": {"type": "string", "pattern": r"^[\w-]+\.[\w-]+\.[\w-]+$"},
    "Problem": _object({"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}}, {"detail": _TEXT}),
    "KeySet": _object({"keys": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}}}),
    "Key": _object(
        {
            "kty": {"const": "EC"},
            "crv": {"const": "P-256"},
            "x": _COORDINATE,
            "y": _COORDINATE,
            "kid": _TEXT,
            "alg": {"const": "ES256"},
            "use": {"const": "sig"},
        }
    ),
    "Metadata": _object(
        {
            "issuer": _URI,
            **_ENDPOINTS,
            "jwks_uri": _URI,
            "scopes_supported": _TEXTS,
            "response_types_supported": _TEXTS,
            "grant_types_supported": _TEXTS,
            **{f"{endpoint}_auth_methods_supported": _TEXTS for endpoint in _ENDPOINTS},
            **{f"{endpoint}_auth_signing_alg_values_supported": _TEXTS for endpoint in _ENDPOINTS},
            "introspection_signing_alg_values_supported": _TEXTS,
            "dpop_signing_alg_values_supported": _TEXTS,
            "tls_client_certificate_bound_access_tokens": {"const": True},
            "mtls_endpoint_aliases": _object(_ENDPOINTS),
            "protected_resources": {"type": "array", "items": _URI},
        }
    ),
    "Health": _object({"status": {"const": "ok"}}),
}
