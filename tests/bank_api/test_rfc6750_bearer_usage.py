"""Presentation of tokens, challenges and scopes (RFC 6750), and what RFC 9068 §4 refuses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bank_api.accounts.models import Account
from tests.bank_api.caller import Caller, Verdict
from tests.bank_api.conftest import Clock
from tests.bank_api.issuer import TestIssuer

pytestmark = pytest.mark.django_db


@pytest.mark.clause("RFC 6750 §3.1")
def test_without_a_token_neither_challenge_nor_body_has_an_error_code(
    partner: Caller, verdict: Verdict
) -> None:
    verdict.accepted(partner.get("/accounts"))
    response = partner.but(token=None).get("/accounts")
    verdict.problem(response, 401, "presentation.missing")
    assert response.json() == {"type": "about:blank", "title": "Unauthorized", "status": 401}
    assert response.headers["WWW-Authenticate"] == (
        'Bearer realm="https://localhost:8442", '
        'resource_metadata="https://localhost:8442/.well-known/oauth-protected-resource", '
        'DPoP realm="https://localhost:8442", algs="ES256 PS256 EdDSA", '
        'resource_metadata="https://localhost:8442/.well-known/oauth-protected-resource"'
    )


@pytest.mark.clause("RFC 6750 §3.1")
def test_another_scheme_presents_no_token(partner: Caller, verdict: Verdict) -> None:
    basic = partner.but(token=None, headers={"Authorization": "Basic cGFydG5lcjpzZWNyZXQ="})
    verdict.problem(basic.get("/accounts"), 401, "presentation.missing")


@pytest.mark.clause("RFC 9700 §4.3.2")
def test_a_token_in_the_query_string_is_refused_even_beside_a_good_header(
    partner: Caller, verdict: Verdict
) -> None:
    path = f"/accounts?access_token={partner.token}"
    verdict.refused(partner.get(path), 400, "invalid_request", "presentation.query")
    verdict.refused(partner.but(token=None).get(path), 400, "invalid_request", "presentation.query")
    assert str(partner.token) not in verdict.trail.file.read_text()


@pytest.mark.clause("RFC 6750 §2.1")
@pytest.mark.parametrize("value", ["Bearer", "Bearer a b", "Bearer a,b", "Bearer ä"])
def test_a_malformed_authorization_header_is_refused(partner: Caller, verdict: Verdict, value: str) -> None:
    malformed = partner.but(token=None, headers={"Authorization": value})
    verdict.refused(malformed.get("/accounts"), 400, "invalid_request", "presentation.malformed")


@pytest.mark.clause("RFC 6750 §3.1")
@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/accounts", "accounts"),
        ("GET", "/accounts/{account}", "accounts"),
        ("GET", "/accounts/{account}/balances", "accounts"),
        ("GET", "/accounts/{account}/transactions", "accounts"),
        ("POST", "/payments", "payments"),
        ("GET", "/payments/{account}", "payments"),
    ],
)
def test_each_route_demands_its_scope_and_says_which(
    partner: Caller,
    account: Account,
    token: Callable[..., str],
    verdict: Verdict,
    method: str,
    path: str,
    scope: str,
) -> None:
    other = {"accounts": "payments", "payments": "accounts"}[scope]
    at = path.format(account=account.pk)
    response = partner.but(token=token(scope=other)).calls(method, at)
    event = verdict.refused(response, 403, "insufficient_scope", "token.scope")
    assert f'scope="{scope}"' in response.headers["WWW-Authenticate"]
    assert event["detail"] == {"expected": scope, "presented": [other]}
    assert partner.calls(method, at).status_code != 403


@pytest.mark.clause("RFC 9068 §4")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"iss": "https://other.example"}, "token.issuer"),
        ({"aud": "https://other-api.example"}, "token.audience"),
    ],
)
def test_a_token_of_another_issuer_or_for_another_resource_is_refused(
    partner: Caller, token: Callable[..., str], verdict: Verdict, changes: dict[str, Any], rule: str
) -> None:
    verdict.refused(partner.but(token=token(**changes)).get("/accounts"), 401, "invalid_token", rule)


@pytest.mark.clause("RFC 9068 §4")
def test_an_expired_token_is_refused(partner: Caller, clock: Clock, verdict: Verdict) -> None:
    clock.now += timedelta(seconds=304)
    verdict.accepted(partner.get("/accounts"))
    clock.now += timedelta(seconds=1)
    verdict.refused(partner.get("/accounts"), 401, "invalid_token", "token.expired")


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_without_the_issuers_keys_the_answer_is_503_and_a_good_token_works_later(
    partner: Caller, issuer: TestIssuer, verdict: Verdict
) -> None:
    issuer.reachable = False
    response = partner.get("/accounts")
    verdict.problem(response, 503, "service.issuer-keys")
    assert int(response.headers["Retry-After"]) >= 0
    issuer.reachable = True
    verdict.accepted(partner.get("/accounts"))


def test_keys_that_are_fresh_outlast_an_outage_of_the_issuer(
    partner: Caller, issuer: TestIssuer, verdict: Verdict
) -> None:
    verdict.accepted(partner.get("/accounts"))
    issuer.reachable = False
    verdict.accepted(partner.get("/accounts"))


def test_without_trust_anchors_the_answer_is_503(partner: Caller, verdict: Verdict, settings: Any) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {
        "TRUST_BUNDLE": settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].with_name("missing.pem")
    }
    verdict.problem(partner.get("/accounts"), 503, "service.trust-anchors")


def test_the_token_is_never_recorded(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.get("/accounts"))
    partner.on().get("/accounts")
    assert str(partner.token) not in verdict.trail.file.read_text()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = st.dictionaries(
    st.sampled_from(["iss", "aud", "sub", "client_id", "iat", "exp", "nbf", "jti", "scope", "cnf"]),
    JSON_VALUES,
)
HEADERS = st.dictionaries(
    st.sampled_from(["typ", "kid", "crit", "jwk", "jku", "x5c"]), JSON_VALUES, max_size=3
)
SCRIBBLES = st.tuples(st.integers(0, 2000), st.characters(min_codepoint=33, max_codepoint=126))


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(claims=CLAIMS, header=HEADERS, scribble=st.none() | SCRIBBLES)
def test_no_token_whatever_brings_about_a_defect(
    partner: Caller,
    token: Callable[..., str],
    claims: dict[str, Any],
    header: dict[str, Any],
    scribble: tuple[int, str] | None,
) -> None:
    presented = token(header=header, **claims)
    if scribble is not None:
        at = scribble[0] % len(presented)
        presented = presented[:at] + scribble[1] + presented[at + 1 :]
    assert partner.but(token=presented).get("/accounts").status_code in {200, 400, 401, 403}


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=200))
def test_no_authorization_header_whatever_brings_about_a_defect(partner: Caller, value: str) -> None:
    caller = partner.but(token=None, headers={"Authorization": value})
    assert caller.get("/accounts").status_code in {400, 401}
