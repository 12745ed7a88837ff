"""RFC 6749 §3.2, §4.4, §5: the request to the token endpoint, and the shape of its answers."""

import uuid
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authserver.clients.models import Client
from tests.authserver.caller import FORM, Caller, Verdict

FUZZ = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.clause("RFC 6749 §5.1")
def test_a_valid_request_gets_a_bearer_token_that_no_cache_keeps(partner: Caller, verdict: Verdict) -> None:
    answer = verdict.accepted(partner.asks())
    assert set(answer) == {"access_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"], answer["scope"]) == (
        "Bearer",
        300,
        "accounts payments",
    )


def test_the_record_of_a_token_names_client_and_certificate(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    event = verdict.trail.last()
    assert event["client_id"] == "partner"
    assert len(event["thumbprint"]) == 43
    assert event["detail"]["audience"] == "https://localhost:8442"


def test_the_correlation_id_of_the_caller_is_given_back_and_recorded(
    partner: Caller, verdict: Verdict
) -> None:
    correlation_id = str(uuid.uuid4())
    response = partner.but(headers={"x-fapi-interaction-id": correlation_id}).asks()
    verdict.accepted(response)
    assert response.headers["x-fapi-interaction-id"] == correlation_id
    assert verdict.trail.last()["correlation_id"] == correlation_id


@pytest.mark.clause("RFC 6749 §3.2")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_any_other_method_than_post_is_refused(partner: Caller, verdict: Verdict, method: str) -> None:
    verdict.accepted(partner.asks())
    response = partner.but(method=method).asks()
    verdict.refused(response, 405, "invalid_request", "token-request.method")
    assert response.headers["Allow"] == "POST"


@pytest.mark.clause("RFC 6749 §2.3.1")
def test_parameters_in_the_address_are_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    response = partner.but(address="/token?client_id=partner").asks()
    verdict.refused(response, 400, "invalid_request", "token-request.query")


@pytest.mark.clause("RFC 6749 §3.2")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
        f"{FORM}; charset=iso-8859-1",
        f"{FORM}, {FORM}",
        "application/x-www-form-urlencoded2",
    ],
)
def test_another_content_type_is_refused(partner: Caller, verdict: Verdict, content_type: str) -> None:
    verdict.accepted(partner.asks())
    response = partner.but(content_type=content_type).asks(body=partner.body())
    verdict.refused(response, 400, "invalid_request", "token-request.content-type")


@pytest.mark.parametrize(
    "content_type", [f"{FORM};charset=UTF-8", FORM.upper(), f'{FORM}; charset="utf-8"', f"{FORM};"]
)
def test_the_content_type_is_read_without_case_and_may_say_utf_8(
    partner: Caller, verdict: Verdict, content_type: str
) -> None:
    verdict.accepted(partner.but(content_type=content_type).asks())


@pytest.mark.clause("RFC 9110 §15.5.14")
@pytest.mark.parametrize("size", [16_385, 1_000_000])
def test_a_body_larger_than_any_token_request_is_refused(
    partner: Caller, verdict: Verdict, size: int
) -> None:
    body = partner.body() + b"&padding="
    verdict.accepted(partner.asks(body=body.ljust(16_384, b"x")))
    response = partner.asks(body=body.ljust(size, b"x"))
    verdict.refused(response, 413, "invalid_request", "token-request.body-size")


@pytest.mark.clause("RFC 6749 §B")
@pytest.mark.parametrize(
    "piece", [b"%zz", b"%", b"%4", b"%ff", b"\xff", b"%00", b"\x00", b"%0a", b"%c0%80", b"%ed%a0%80", b"%7F"]
)
@pytest.mark.parametrize("place", [b"&extra=%s", b"&%s=extra"])
def test_malformed_encoding_is_refused(partner: Caller, verdict: Verdict, piece: bytes, place: bytes) -> None:
    verdict.accepted(partner.asks(body=partner.body() + place % b"%C3%A9"))
    response = partner.asks(body=partner.body() + place % piece)
    verdict.refused(response, 400, "invalid_request", "token-request.encoding")


@pytest.mark.clause("RFC 6749 §3.2")
@pytest.mark.parametrize("name", ["grant_type", "client_id", "scope", "client_secret", "unknown"])
def test_a_repeated_parameter_is_refused(partner: Caller, verdict: Verdict, name: str) -> None:
    valid = {"grant_type": "client_credentials", "client_id": "partner", "scope": "accounts"}
    once: dict[str, Any] = {name: valid.get(name, "x")}
    twice: dict[str, Any] = {name: [once[name], once[name]]}
    if name != "client_secret":  # which is refused on its own as well
        verdict.accepted(partner.asks(**once))
    response = partner.asks(**twice)
    event = verdict.refused(response, 400, "invalid_request", "token-request.repeated")
    assert event["detail"]["presented"] == [name]


@pytest.mark.clause("RFC 6749 §3.2")
def test_a_parameter_without_value_is_treated_as_omitted(partner: Caller, verdict: Verdict) -> None:
    answer = verdict.accepted(partner.asks(scope="", resource="", client_secret=""))
    assert answer["scope"] == "accounts payments"


@pytest.mark.clause("RFC 6749 §3.2")
def test_an_unknown_parameter_is_ignored(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks(colour="blue"))


@pytest.mark.clause("RFC 6749 §4.4.2")
@pytest.mark.parametrize("missing", [None, ""])
def test_a_missing_grant_type_is_refused(partner: Caller, verdict: Verdict, missing: str | None) -> None:
    verdict.accepted(partner.asks())
    verdict.refused(partner.asks(grant_type=missing), 400, "invalid_request", "token-request.grant-type")


@pytest.mark.clause("RFC 6749 §5.2")
@pytest.mark.parametrize(
    "grant_type", ["authorization_code", "password", "refresh_token", "Client_Credentials", "x" * 999]
)
def test_an_unknown_grant_is_refused(partner: Caller, verdict: Verdict, grant_type: str) -> None:
    verdict.accepted(partner.asks())
    verdict.refused(partner.asks(grant_type=grant_type), 400, "unsupported_grant_type", "grant.supported")


@pytest.mark.clause("RFC 6749 §5.2")
def test_a_grant_that_the_client_is_not_registered_for_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    Client.objects.filter(client_id="partner").update(grant_types=["authorization_code"])
    verdict.refused(partner.asks(), 400, "unauthorized_client", "grant.allowed")


@pytest.mark.clause("RFC 6749 §3.3")
@pytest.mark.parametrize("scope", ["accounts", "payments", "payments accounts", "accounts accounts"])
def test_the_scope_asked_for_is_the_scope_granted(partner: Caller, verdict: Verdict, scope: str) -> None:
    answer = verdict.accepted(partner.asks(scope=scope))
    assert answer["scope"] == " ".join(dict.fromkeys(scope.split()))


@pytest.mark.clause("RFC 6749 §3.3")
@pytest.mark.parametrize(
    "scope", [" accounts", "accounts ", "accounts  payments", 'acc"ounts', "acc\\ounts", "comptes é"]
)
def test_a_malformed_scope_is_refused(partner: Caller, verdict: Verdict, scope: str) -> None:
    verdict.accepted(partner.asks(scope="accounts"))
    verdict.refused(partner.asks(scope=scope), 400, "invalid_scope", "scope.syntax")


@pytest.mark.clause("RFC 6749 §5.2")
@pytest.mark.parametrize("scope", ["admin", "accounts admin", "Accounts", "account"])
def test_a_scope_that_is_not_the_clients_is_refused(partner: Caller, verdict: Verdict, scope: str) -> None:
    verdict.accepted(partner.asks(scope="accounts"))
    verdict.refused(partner.asks(scope=scope), 400, "invalid_scope", "scope.allowed")


@pytest.mark.clause("RFC 6749 §5.2")
def test_a_scope_known_to_the_server_but_not_registered_for_the_client_is_refused(
    partner: Caller, verdict: Verdict, registered: Any
) -> None:
    verdict.accepted(partner.asks(scope="payments"))
    registered(scope="accounts")
    verdict.refused(partner.asks(scope="payments"), 400, "invalid_scope", "scope.allowed")


def test_an_outage_of_the_database_is_answered_as_one(
    partner: Caller, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> None:
        raise OperationalError("database is locked")

    verdict.accepted(partner.asks())
    monkeypatch.setattr("authserver.client_authentication.http.find_client", away)
    response = partner.asks()
    verdict.refused(response, 503, "temporarily_unavailable", "service.database")
    assert response.headers["Retry-After"] == "1"


_NAMES = st.sampled_from(
    ["grant_type", "client_id", "scope", "resource", "client_secret", "client_assertion", "x"]
) | st.text(max_size=8)
_VALUES = st.sampled_from(["client_credentials", "partner", "accounts", "https://localhost:8442"]) | st.text(
    max_size=40
)


@FUZZ
@given(parameters=st.lists(st.tuples(_NAMES, _VALUES), max_size=8))
def test_no_form_makes_the_server_fail(partner: Caller, parameters: list[tuple[str, str]]) -> None:
    assert partner.asks(body=urlencode(parameters, errors="surrogatepass").encode()).status_code < 500


@FUZZ
@given(
    body=st.binary(max_size=200),
    content_type=st.just(FORM) | st.text(st.characters(codec="latin-1"), max_size=30),
)
def test_no_bytes_make_the_server_fail(partner: Caller, body: bytes, content_type: str) -> None:
    assert partner.but(content_type=content_type).asks(body=body).status_code < 500
    assert partner.asks(body=partner.body() + b"&" + body).status_code < 500
