"""The OpenAPI 3.1 document of this server: its whole HTTP surface, for tools and for people.

https://spec.openapis.org/oas/v3.1.1. RFC 8414's document says what this server is; this one says what
each address takes and answers. Tests hold it to the addresses, the error codes and the answers.
"""

from collections.abc import Sequence
from typing import Any

from authserver.endpoints.forms import FORM
from authserver.endpoints.paths import (
    INTROSPECTION_PATH,
    JWKS_PATH,
    REGISTRATION_PATH,
    REVOCATION_PATH,
    STATUS_LISTS_PATH,
    TOKEN_PATH,
)
from authserver.introspection.answers import SIGNED_MEDIA_TYPE
from authserver.metadata.schemas import SCHEMAS, token_request
from sender_constraint.django.problem_details import MEDIA_TYPE
from sender_constraint.jose.status_lists import MEDIA_TYPE as STATUS_LIST_MEDIA_TYPE

_JSON = "application/json"
Object = dict[str, Any]


def openapi(issuer: str, scopes: Sequence[str], resources: Sequence[str]) -> Object:
    """The document. issuer: an origin; scopes, resources: what tokens are issued for; from the settings."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Authorization server",
            "version": "1.0.0",
            "description": "Sender-constrained access tokens (RFC 8705, RFC 9449), by client credentials.",
        },
        "servers": [{"url": issuer}],
        "paths": {
            TOKEN_PATH: {"post": _token(scopes, resources)},
            INTROSPECTION_PATH: {"post": _introspection()},
            REVOCATION_PATH: {"post": _revocation()},
            STATUS_LISTS_PATH + "{number}": {"get": _status_list()},
            REGISTRATION_PATH: {"post": _registration("registerClient", "Register (RFC 7591).", "201")},
            REGISTRATION_PATH + "/{client_id}": {
                "get": _registered("readClient", "What a client registered (RFC 7592 §2.1)."),
                "put": _registration("updateClient", "Change what it registered (RFC 7592 §2.2).", "200"),
                "delete": _registered("deleteClient", "Forget a client (RFC 7592 §2.3).", "204"),
            },
            JWKS_PATH: {"get": _read("readKeys", "The keys by which tokens are verified.", "KeySet")},
            "/.well-known/oauth-authorization-server": {
                "get": _read("readMetadata", "What this server is (RFC 8414).", "Metadata")
            },
            "/.well-known/openid-configuration": {
                "get": _read("readMetadataAsOpenID", "The same, where many clients look (§5).", "Metadata")
            },
            "/health": {"get": _read("readHealth", "Whether tokens can be issued now.", "Health")},
        },
        "components": {
            "schemas": SCHEMAS | {"TokenRequest": token_request(scopes, resources)},
            "securitySchemes": {
                "mutualTLS": {"type": "mutualTLS", "description": "The client's certificate (RFC 8705 §2)."},
                "registration": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An initial or a registration access token (RFC 7591 §3, RFC 7592 §3).",
                },
            },
        },
    }


def _token(scopes: Sequence[str], resources: Sequence[str]) -> Object:
    example = {"grant_type": "client_credentials", "client_id": "partner"}
    if scopes and resources:
        example |= {"scope": scopes[0], "resource": resources[0]}
    return {
        "operationId": "issueToken",
        "summary": "Issue an access token, bound to the client's certificate or to its DPoP key.",
        "security": [{"mutualTLS": []}],
        "requestBody": {
            "required": True,
            "content": {FORM: {"schema": _schema("TokenRequest"), "example": example}},
        },
        "responses": {
            "200": _answer("The token.", {_JSON: "Token"}),
            "400": _answer(
                "The request is refused (RFC 6749 §5.2).", {_JSON: "Error", MEDIA_TYPE: "Problem"}
            ),
            "401": _answer("The client is not authenticated.", {_JSON: "Error"}),
            **_everywhere({_JSON: "Error"}),
        },
    }


def _introspection() -> Object:
    answers = {_JSON: "Introspection", SIGNED_MEDIA_TYPE: "SignedAnswer"}
    return _about_a_token(
        "introspectToken",
        "Say what a token is worth, to the API that it is for and to the client whose it is (RFC 7662).",
        _answer("What it is worth; signed where that is asked for (RFC 9701).", answers),
    )


def _revocation() -> Object:
    return _about_a_token(
        "revokeToken",
        "Revoke a token of the client's own (RFC 7009).",
        {"description": "It is revoked, if there was one. Another client's stays, and is not told of."},
    )


def _about_a_token(operation: str, summary: str, answer: Object) -> Object:
    return {
        "operationId": operation,
        "summary": summary,
        "security": [{"mutualTLS": []}],
        "requestBody": {
            "required": True,
            "content": {
                FORM: {
                    "schema": _schema("TokenParameter"),
                    "example": {
                        "client_id": "partner",
                        "token": "n3Wdx6b0cJ7vG1qkQmZ4y9tLr2pVs8aEhUiKoXfCwDg",
                    },
                }
            },
        },
        "responses": {
            "200": answer,
            "400": _answer("The request is refused.", {_JSON: "Error", MEDIA_TYPE: "Problem"}),
            "401": _answer("The caller is not authenticated.", {_JSON: "Error"}),
            **_everywhere({_JSON: "Error"}),
        },
    }


def _registration(operation: str, summary: str, status: str) -> Object:
    example = {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": "CN=acme,O=Acme Ltd,C=GB",
    }
    body = {"schema": _schema("ClientMetadata"), "example": example}
    return {
        **_registered(operation, summary, status),
        "requestBody": {"required": True, "content": {_JSON: body}},
    }


def _registered(operation: str, summary: str, status: str = "200") -> Object:
    information = _answer("What is registered.", {_JSON: "ClientInformation"})
    refused = {_JSON: "RegistrationError", MEDIA_TYPE: "Problem"}
    document: Object = {
        "operationId": operation,
        "summary": summary,
        "security": [{"registration": []}],
        "responses": {
            status: {"description": "It is forgotten."} if status == "204" else information,
            "400": _answer("The metadata is refused.", refused),
            "401": _answer("The token is not one for this.", {_JSON: "RegistrationError"}),
            **_everywhere({MEDIA_TYPE: "Problem"}),
        },
    }
    if operation == "registerClient":
        # With a software statement instead of a token.
        document["security"].append({"mutualTLS": []})
        document["responses"]["429"] = _answer(
            "As many clients are registered as the operator allows (Retry-After).",
            {_JSON: "RegistrationError"},
        )
    else:
        identifier = {"type": "string", "minLength": 1, "maxLength": 128}
        document["parameters"] = [{"name": "client_id", "in": "path", "required": True, "schema": identifier}]
        document["responses"]["404"] = _answer("There is no such address.", {MEDIA_TYPE: "Problem"})
    return document


def _status_list() -> Object:
    number = {"type": "integer", "minimum": 0}
    operation = _read(
        "readStatusList", "Which tokens of a list are revoked (Token Status List).", "SignedAnswer"
    )
    responses = {
        **operation["responses"],
        "200": _answer("The signed list.", {STATUS_LIST_MEDIA_TYPE: "SignedAnswer"}),
        "304": {"description": "The list is the one that the caller has (If-None-Match)."},
        "404": _answer("There is no such list.", {MEDIA_TYPE: "Problem"}),
    }
    parameter = {"name": "number", "in": "path", "required": True, "schema": number}
    return {**operation, "parameters": [parameter], "responses": responses}


def _read(operation: str, summary: str, schema: str) -> Object:
    return {
        "operationId": operation,
        "summary": summary,
        # Whoever asks: no certificate is needed, and a presented one is not looked at.
        "security": [],
        "responses": {
            "200": _answer(summary, {_JSON: schema}),
            "400": _answer("The request is malformed.", {MEDIA_TYPE: "Problem"}),
            **_everywhere({MEDIA_TYPE: "Problem"}),
        },
    }


def _everywhere(method: dict[str, str]) -> Object:
    """The answers of every address. method: by media type, how it refuses other methods."""
    return {
        "405": _answer("The method is another one.", method),
        "413": _answer("The body is too large.", {_JSON: "Error", MEDIA_TYPE: "Problem"}),
        "503": _answer("Something that this server needs is away.", {_JSON: "Error"}),
    }


def _answer(description: str, bodies: dict[str, str]) -> Object:
    content = {media_type: {"schema": _schema(name)} for media_type, name in bodies.items()}
    return {"description": description, "content": content}


def _schema(name: str) -> Object:
    return {"$ref": f"#/components/schemas/{name}"}
