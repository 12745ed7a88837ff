"""The OpenAPI document says what the API does."""

from typing import Any

import jsonschema  # type: ignore[import-untyped]  # has no types
import pytest
from django.core.management import call_command
from django.urls import get_resolver

from bank_api.accounts.models import Account
from tests.bank_api.caller import Caller, Verdict


@pytest.fixture
def document() -> Any:
    response = Caller((), None).get("/openapi.json")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    return response.json()


def test_it_is_valid(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def test_it_is_the_same_for_whoever_asks_and_without_a_token(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "https://localhost:8442"}]


def test_it_has_every_route_of_the_api(document: Any) -> None:
    routes = {
        "/" + str(pattern.pattern).replace("<str:", "{").replace(">", "}")
        for pattern in get_resolver().url_patterns
        if ".well-known" not in str(pattern.pattern)
    }
    assert set(document["paths"]) == routes - {"/openapi.json", "/health"}


def test_every_operation_demands_a_certificate_and_a_scope_but_the_bearer_route(document: Any) -> None:
    security = {
        f"{method} {path}": operation["security"]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert security.pop("get /demo/bearer/accounts") == [{"unboundBearer": ["accounts"]}]
    assert security.pop("post /payments") == [
        {"mutualTLS": [], "bearer": ["payments"]},
        {"dpop": ["payments"]},
    ]
    assert security.pop("get /payments/{payment_id}") == [
        {"mutualTLS": [], "bearer": ["payments"]},
        {"dpop": ["payments"]},
    ]
    assert all(
        each == [{"mutualTLS": [], "bearer": ["accounts"]}, {"dpop": ["accounts"]}]
        for each in security.values()
    )
    assert document["components"]["securitySchemes"]["mutualTLS"]["type"] == "mutualTLS"


@pytest.mark.django_db
def test_answers_have_the_members_that_it_says(
    document: Any, partner: Caller, account: Account, instruction: dict[str, Any], verdict: Verdict
) -> None:
    payment = verdict.accepted(partner.pays(instruction), 201)
    answers = {
        ("/accounts", "get", "200"): partner.get("/accounts"),
        ("/accounts/{account_id}", "get", "200"): partner.get(f"/accounts/{account.pk}"),
        ("/accounts/{account_id}/balances", "get", "200"): partner.get(f"/accounts/{account.pk}/balances"),
        ("/accounts/{account_id}/transactions", "get", "200"): partner.get(
            f"/accounts/{account.pk}/transactions"
        ),
        ("/payments/{payment_id}", "get", "200"): partner.get(f"/payments/{payment['id']}"),
        ("/accounts", "get", "401"): partner.on().get("/accounts"),
        ("/payments", "post", "400"): partner.pays(instruction, key=None),
        ("/payments", "post", "422"): partner.pays({**instruction, "reference": "other"}),
    }
    for (path, method, status), answer in answers.items():
        media_type = answer.headers["Content-Type"]
        stated = document["paths"][path][method]["responses"][status]["content"][media_type]["schema"]
        assert answer.status_code == int(status)
        check(document, stated, answer.json())


def check(document: Any, schema: Any, value: Any) -> None:
    """Compare a value with a schema: by jsonschema, and that no member is unmentioned."""
    jsonschema.validate(value, {**schema, "components": document["components"]})
    stated = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert set(value) <= set(stated["properties"])
