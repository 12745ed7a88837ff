"""RFC 8414: what the server says about itself."""

from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from tests.authserver.caller import Caller, Verdict

PATHS = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
ISSUER = "https://localhost:8441"


ALGORITHMS = ["ES256", "PS256", "EdDSA"]
ENDPOINTS = {
    "token_endpoint": f"{ISSUER}/token",
    "introspection_endpoint": f"{ISSUER}/introspect",
    "revocation_endpoint": f"{ISSUER}/revoke",
}
METHODS = ["tls_client_auth", "self_signed_tls_client_auth", "private_key_jwt"]


@pytest.mark.clause("RFC 8414 §2")
@pytest.mark.clause("RFC 8705 §5")
@pytest.mark.clause("RFC 9449 §5.1")
@pytest.mark.clause("RFC 9701 §7")
def test_the_metadata_has_what_clients_and_apis_need() -> None:
    assert Client().get(PATHS[0]).json() == {
        "issuer": ISSUER,
        **ENDPOINTS,
        "registration_endpoint": f"{ISSUER}/register",
        "jwks_uri": f"{ISSUER}/jwks",
        "scopes_supported": ["accounts", "payments"],
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        **{f"{endpoint}_auth_methods_supported": METHODS for endpoint in ENDPOINTS},
        **{f"{endpoint}_auth_signing_alg_values_supported": ALGORITHMS for endpoint in ENDPOINTS},
        "introspection_signing_alg_values_supported": ["ES256"],
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "tls_client_certificate_bound_access_tokens": True,
        "mtls_endpoint_aliases": ENDPOINTS,
        "protected_resources": ["https://localhost:8442", "https://other-api.example"],
    }


@pytest.mark.clause("RFC 8414 §3")
def test_both_paths_give_the_same_document() -> None:
    first, second = (Client().get(path) for path in PATHS)
    assert first.content == second.content
    assert first.headers["Content-Type"] == second.headers["Content-Type"] == "application/json"
    assert first.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.clause("RFC 8414 §3.3")
@pytest.mark.parametrize("path", PATHS)
def test_the_issuer_is_configuration_and_never_the_host_header(path: str, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert Client().get(path, headers={"Host": "evil.example"}).json()["issuer"] == ISSUER


@pytest.mark.parametrize("host", ["evil.example", "evil\r\n", "[", ""])
def test_an_unknown_host_is_refused_without_a_server_error(host: str, verdict: Verdict) -> None:
    assert Client().get(PATHS[0]).status_code == 200
    response = Client().get(PATHS[0], headers={"Host": host})
    assert (response.status_code, response.headers["Content-Type"]) == (400, "application/problem+json")
    assert verdict.trail.last()["rule"] == "request.malformed"


def test_what_is_nowhere_is_a_problem_in_json(verdict: Verdict) -> None:
    response = Client().get("/nowhere")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "application/problem+json")
    assert verdict.trail.last()["rule"] == "request.path"


def test_the_addresses_in_the_metadata_are_the_ones_that_answer() -> None:
    metadata = Client().get(PATHS[0]).json()
    views = {
        "token_endpoint": "token",
        "introspection_endpoint": "introspect",
        "revocation_endpoint": "revoke",
        "jwks_uri": "jwks",
    }
    for name, view in views.items():
        assert resolve(metadata[name].removeprefix(ISSUER)).view_name == view


def test_the_methods_and_grants_in_the_metadata_are_the_ones_that_work(
    partner: Caller, verdict: Verdict
) -> None:
    metadata = Client().get(PATHS[0]).json()
    for grant_type in metadata["grant_types_supported"]:
        for scope in metadata["scopes_supported"]:
            verdict.accepted(partner.asks(grant_type=grant_type, scope=scope))


@pytest.mark.parametrize("path", [*PATHS, "/jwks", "/health"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_can_only_be_read_says_so(path: str, method: str) -> None:
    response = Client().generic(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.django_db
def test_health_answers_when_tokens_can_be_issued() -> None:
    response = Client().get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_health_fails_without_trust_anchors(settings: Any, tmp_path: Any, verdict: Verdict) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": tmp_path / "missing.pem"}
    verdict.refused(Client().get("/health"), 503, "temporarily_unavailable", "service.trust-anchors")
