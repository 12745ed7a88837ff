"""The OpenAPI document says what the authorization server does."""

import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # has no types
import pytest
from django.test import Client
from django.urls import get_resolver

from authserver.tokens.grants import GRANT_TYPES_SUPPORTED
from sender_constraint.core import errors
from sender_constraint.core.errors import Refusal
from tests.authserver.caller import Caller

FORM = "application/x-www-form-urlencoded"
# Errors that other endpoints answer with: RFC 6750 §3.1, RFC 7591 §3.2.2.
OF_OTHERS = {
    "invalid_token",
    "insufficient_scope",
    "invalid_client_metadata",
    "invalid_software_statement",
    "unapproved_software_statement",
}


@pytest.fixture
def document() -> Any:
    response = Client().get("/openapi.json")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    return response.json()


def stated(document: Any, path: str, method: str, response: Any) -> Any:
    """The schema that the document states for this answer, with all that it refers to."""
    operation = document["paths"][path][method]
    content = operation["responses"][str(response.status_code)]["content"]
    schema = content[response.headers["Content-Type"]]["schema"]
    return {**schema, "components": document["components"]}


def test_its_schemas_are_schemas(document: Any) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_it_has_every_address_of_the_server_and_no_other(document: Any) -> None:
    written = {"/" + str(pattern.pattern) for pattern in get_resolver().url_patterns}
    routes = {re.sub(r"<\w+:(\w+)>", r"{\1}", route) for route in written}
    assert set(document["paths"]) == routes - {"/openapi.json"}


def test_only_what_clients_ask_for_needs_a_certificate(document: Any) -> None:
    security = {
        path: operation["security"]
        for path, operations in document["paths"].items()
        for operation in operations.values()
    }
    for path in ("/token", "/introspect", "/revoke"):
        assert security.pop(path) == [{"mutualTLS": []}]
    assert security.pop("/register") == [{"registration": []}, {"mutualTLS": []}]
    assert security.pop("/register/{client_id}") == [{"registration": []}]
    assert all(each == [] for each in security.values())


def test_its_grants_scopes_resources_and_errors_are_those_of_the_server(document: Any, settings: Any) -> None:
    schemas = document["components"]["schemas"]
    asked = schemas["TokenRequest"]["properties"]
    assert asked["grant_type"]["enum"] == list(GRANT_TYPES_SUPPORTED)
    assert asked["resource"]["enum"] == list(settings.RESOURCES)
    assert all(scope in asked["scope"]["description"] for scope in settings.SCOPES)
    registered = {
        each.code
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, Refusal) and each is not Refusal
    }
    assert set(schemas["Error"]["properties"]["error"]["enum"]) == registered - OF_OTHERS


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/jwks", "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/health"],
)
@pytest.mark.parametrize("method", ["get", "put"])
def test_what_is_read_looks_as_it_says(document: Any, path: str, method: str) -> None:
    response = Client().generic(method.upper(), path)
    assert response.status_code == (200 if method == "get" else 405)
    jsonschema.validate(response.json(), stated(document, path, "get", response))


def test_answers_of_the_token_endpoint_look_as_it_says(document: Any, partner: Caller) -> None:
    operation = document["paths"]["/token"]["post"]
    example = operation["requestBody"]["content"][FORM]["example"]
    answers = {
        200: partner.asks(**example),
        400: partner.asks(scope="unknown"),
        401: partner.with_certificate().asks(),
        405: partner.but(method="PUT").asks(),
        413: partner.asks(body=b"x" * 20_000),
    }
    for status, response in answers.items():
        assert response.status_code == status
        jsonschema.validate(response.json(), stated(document, "/token", "post", response))


@pytest.mark.usefixtures("partner")
def test_an_outage_looks_as_it_says(document: Any, settings: Any, tmp_path: Any) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": tmp_path / "missing.pem"}
    response = Client().get("/health")
    assert response.status_code == 503
    jsonschema.validate(response.json(), stated(document, "/health", "get", response))
