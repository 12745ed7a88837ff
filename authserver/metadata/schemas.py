"""What the bodies of requests and answers look like: JSON Schema 2020-12, as OpenAPI 3.1 has it."""

from collections.abc import Sequence
from typing import Any

from authserver.client_authentication.assertions import ASSERTION_TYPE
from authserver.clients.bindings import CERTIFICATE_BOUND, DPOP_BOUND, NONCE_REQUIRED
from authserver.clients.registered_client import (
    AUTH_METHODS,
    JWT_FORMAT,
    NAME_MEMBERS,
    OPAQUE_FORMAT,
    SIGNING_ALGORITHMS,
)
from authserver.tokens.grants import GRANT_TYPES_SUPPORTED
from sender_constraint.core.errors import (
    InvalidClient,
    InvalidClientMetadata,
    InvalidDpopProof,
    InvalidRequest,
    InvalidScope,
    InvalidSoftwareStatement,
    InvalidTarget,
    InvalidToken,
    TemporarilyUnavailable,
    UnapprovedSoftwareStatement,
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
# RFC 7591 §3.2.2, RFC 6750 §3.1.
REGISTRATION_ERRORS = (
    InvalidClientMetadata,
    InvalidSoftwareStatement,
    UnapprovedSoftwareStatement,
    InvalidToken,
    TemporarilyUnavailable,
)
_TEXT: Object = {"type": "string"}
_FLAG: Object = {"type": "boolean"}
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
        "required": ["grant_type"],
        "properties": {
            "grant_type": {"type": "string", "enum": list(GRANT_TYPES_SUPPORTED)},
            "client_id": {
                "type": "string",
                "minLength": 1,
                "maxLength": 128,
                "description": "Needed but beside an assertion (RFC 8705 §2, RFC 7521 §4.2).",
            },
            "client_assertion_type": {"type": "string", "const": ASSERTION_TYPE},
            "client_assertion": {
                "type": "string",
                "description": "A JWT by the client's key (RFC 7523).",
            },
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


def client_metadata() -> Object:
    """What clients may say of themselves (RFC 7591 §2); members that are not understood are ignored."""
    return {
        "type": "object",
        "anyOf": [{"required": ["token_endpoint_auth_method"]}, {"required": ["software_statement"]}],
        "properties": {
            "token_endpoint_auth_method": {"type": "string", "enum": list(AUTH_METHODS)},
            "token_endpoint_auth_signing_alg": {"type": "string", "enum": list(SIGNING_ALGORITHMS)},
            **dict.fromkeys(
                ("client_name", *NAME_MEMBERS, "scope", "default_resource", "software_id"), _TEXT
            ),
            "jwks": {"type": "object"},
            "jwks_uri": _URI,
            "software_statement": {
                "type": "string",
                "description": "A JWT by the scheme's directory (RFC 7591 §2.3): its values win over these.",
            },
            **dict.fromkeys((CERTIFICATE_BOUND, DPOP_BOUND, NONCE_REQUIRED), _FLAG),
            **dict.fromkeys(("grant_types", "response_types", "resources"), _TEXTS),
            "access_token_lifetime_seconds": {"type": "integer"},
            "access_token_format": {"enum": [JWT_FORMAT, OPAQUE_FORMAT]},
            "profile": {"enum": ["", "fapi2"]},
        },
    }


SCHEMAS: Object = {
    "ClientMetadata": client_metadata(),
    "ClientInformation": {
        **client_metadata(),
        "required": ["client_id", "registration_access_token", "registration_client_uri"],
    },
    "RegistrationError": _object(
        {
            "error": {"enum": [each.code for each in REGISTRATION_ERRORS]},
            "error_description": _TEXT,
        }
    ),
    "Token": _object(
        {
            "access_token": {"type": "string", "description": "A JWT of RFC 9068, or opaque; bound by cnf."},
            "token_type": {"enum": ["Bearer", "DPoP"]},
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
            "registration_endpoint": _URI,
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
