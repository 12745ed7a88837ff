"""RFC 9728: what the API says about itself, and how a caller without a token finds it."""

import re
from typing import Any

import pytest
from django.urls import get_resolver

from tests.bank_api.caller import Caller, Verdict

RESOURCE = "https://localhost:8442"
WELL_KNOWN = "/.well-known/oauth-protected-resource"
ANYONE = Caller((), None)


@pytest.mark.clause("RFC 9728 §2")
def test_the_metadata_has_what_a_client_needs_before_its_first_call() -> None:
    response = ANYONE.get(WELL_KNOWN)
    assert response.json() == {
        "resource": RESOURCE,
        "resource_name": "Bank API",
        "authorization_servers": ["https://localhost:8441"],
        "scopes_supported": ["accounts", "payments"],
        "bearer_methods_supported": ["header"],
        "tls_client_certificate_bound_access_tokens": True,
        "dpop_signing_alg_values_supported": ["ES256", "PS256", "EdDSA"],
    }


@pytest.mark.clause("RFC 9728 §3.2")
def test_it_is_json_that_may_be_kept_for_a_while() -> None:
    response = ANYONE.get(WELL_KNOWN)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.clause("RFC 9728 §2")
def test_its_scopes_are_those_that_the_routes_demand() -> None:
    views = (getattr(each.callback, "view_class", None) for each in get_resolver().url_patterns)
    scopes = {view.required_scope for view in views if view is not None}
    assert set(ANYONE.get(WELL_KNOWN).json()["scopes_supported"]) == scopes


@pytest.mark.clause("RFC 9728 §3.1")
@pytest.mark.parametrize(
    ("resource", "path", "others"),
    [
        ("https://api.example", WELL_KNOWN, [f"{WELL_KNOWN}/", f"{WELL_KNOWN}/bank"]),
        (
            "https://api.example/bank",
            f"{WELL_KNOWN}/bank",
            [WELL_KNOWN, f"{WELL_KNOWN}/bank/", f"{WELL_KNOWN}/bank/v1", f"{WELL_KNOWN}/BANK"],
        ),
    ],
)
def test_it_is_where_the_identifier_says_and_nowhere_else(
    settings: Any, resource: str, path: str, others: list[str], verdict: Verdict
) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"RESOURCE": resource}
    assert ANYONE.get(path).json()["resource"] == resource
    for other in others:
        verdict.problem(ANYONE.get(other), 404, "request.path")


@pytest.mark.clause("RFC 9728 §7.3")
def test_the_identifier_is_configuration_and_never_the_host_header(settings: Any, verdict: Verdict) -> None:
    verdict.problem(ANYONE.get(WELL_KNOWN, Host="evil.example"), 400, "request.malformed")
    settings.ALLOWED_HOSTS = ["*"]
    assert ANYONE.get(WELL_KNOWN, Host="evil.example").json()["resource"] == RESOURCE


@pytest.mark.clause("RFC 9728 §5.1")
@pytest.mark.django_db
@pytest.mark.parametrize("presented", [None, "x"], ids=["no token", "no good token"])
def test_a_refused_caller_is_told_where_the_metadata_is(partner: Caller, presented: str | None) -> None:
    challenge = partner.but(token=presented).get("/accounts").headers["WWW-Authenticate"]
    said = re.search(r'resource_metadata="([^"]*)"', challenge)
    assert said is not None
    assert ANYONE.get(said[1].removeprefix(RESOURCE)).json()["resource"] == RESOURCE


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_can_only_be_read(method: str, verdict: Verdict) -> None:
    verdict.problem(ANYONE.calls(method, WELL_KNOWN), 405, "request.method")
