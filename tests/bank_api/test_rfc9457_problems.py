"""Everything that is refused outside OAuth is a problem (RFC 9457), and never a traceback."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bank_api.accounts import views
from tests.bank_api.caller import JSON, PROBLEM, Caller, Verdict

pytestmark = pytest.mark.django_db


@pytest.mark.clause("RFC 9457 §4.2.1")
def test_a_problem_without_a_type_has_the_title_of_its_status(partner: Caller, verdict: Verdict) -> None:
    response = partner.get("/nowhere")
    verdict.problem(response, 404, "request.path")
    assert response.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "This path does not exist",
    }


@pytest.mark.parametrize("path", ["/", "/accounts/", "/admin/", "/accounts/1/2", "/payments/", "//accounts"])
def test_what_is_not_there_is_not_found_without_a_token_too(
    partner: Caller, verdict: Verdict, path: str
) -> None:
    verdict.problem(partner.but(token=None).get(path), 404, "request.path")


@pytest.mark.clause("RFC 9110 §15.5.6")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_another_method_is_refused_and_the_answer_says_which_there_are(
    partner: Caller, verdict: Verdict, method: str
) -> None:
    response = partner.calls(method, "/accounts")
    verdict.problem(response, 405, "request.method")
    assert response.headers["Allow"] == "GET, HEAD"


@pytest.mark.clause("RFC 9110 §15.5.7")
def test_a_caller_that_accepts_no_json_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.problem(partner.get("/accounts", Accept="text/html"), 406, "request.accept")
    verdict.accepted(partner.get("/accounts", Accept="application/*"))


@pytest.mark.clause("RFC 9110 §15.5.16")
@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/*", "*/*"],
)
def test_a_body_of_another_type_is_refused(
    partner: Caller, instruction: dict[str, Any], verdict: Verdict, media_type: str
) -> None:
    body, key = json.dumps(instruction).encode(), {"Idempotency-Key": "a"}
    response = partner.calls("POST", "/payments", body, content_type=media_type, headers=key)
    verdict.problem(response, 415, "request.media-type")
    with_parameter = f"{JSON}; charset=utf-8"
    verdict.accepted(partner.calls("POST", "/payments", body, content_type=with_parameter, headers=key), 201)


@pytest.mark.clause("RFC 9110 §15.5.12")
def test_a_body_in_chunks_is_refused(partner: Caller, instruction: dict[str, Any], verdict: Verdict) -> None:
    chunked = partner.pays(b"", **{"Transfer-Encoding": "chunked"})
    verdict.problem(chunked, 411, "request.length")
    verdict.accepted(partner.pays(instruction), 201)


@pytest.mark.clause("RFC 9110 §15.5.14")
def test_a_body_of_more_than_64_kib_is_refused(
    partner: Caller, instruction: dict[str, Any], verdict: Verdict
) -> None:
    body = json.dumps(instruction).encode()
    verdict.problem(partner.pays(body.ljust(1024 * 1024)), 413, "request.body-size")
    verdict.problem(partner.pays(body.ljust(64 * 1024 + 1)), 413, "request.body-size")
    verdict.accepted(partner.pays(body.ljust(64 * 1024)), 201)


@pytest.mark.clause("RFC 8259 §4")
@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"{", b'{"reference": "twice", ', 1),
        lambda body: body.replace(b'"12.34"', b'"12.34", "amount": "0.01"'),
        lambda body: body.replace(b'"12.34"', b"NaN"),
        lambda body: body.replace(b'"12.34"', b"-Infinity"),
        lambda body: body.replace(b'"12.34"', b"1e999"),
        lambda body: body.replace(b'"12.34"', b"9" * 5000),
        lambda body: body.replace(b'"12.34"', b"[" * 20_000),
        lambda body: body.replace(b'"12.34"', b"[" * 1000 + b"]" * 1000),
        lambda body: body.replace(b"Paper", b"\\ud800"),
        lambda body: body.replace(b"Paper", b"\xff\xfe"),
        lambda body: body.replace(b"Paper", b"\x00"),
        lambda body: body.decode().encode("utf-16"),
        lambda body: b"\xef\xbb\xbf" + body,
        lambda body: body + b"x",
        lambda body: body[:-1],
        lambda body: b"[" + body + b"]",
        lambda _: b"null",
        lambda _: b'"text"',
        lambda _: b"{",
        lambda _: b" ",
    ],
)
def test_a_body_with_more_than_one_reading_is_refused(
    partner: Caller, instruction: dict[str, Any], verdict: Verdict, change: Any
) -> None:
    body = json.dumps(instruction).encode()
    verdict.problem(partner.pays(change(body)), 400, "request.body-malformed")
    verdict.accepted(partner.pays(body), 201)


def test_no_body_lacks_every_member(partner: Caller, verdict: Verdict) -> None:
    response = partner.pays(b"")
    verdict.problem(response, 400, "request.body-members")
    assert len(response.json()["errors"]) == 4


def test_a_defect_is_answered_with_a_problem_that_says_nothing_and_is_recorded(
    partner: Caller, verdict: Verdict, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(_: str) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr(views, "opened_accounts", defect)
    response = partner.get("/accounts")
    assert (response.status_code, response.headers["Content-Type"]) == (500, PROBLEM)
    assert response.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    assert response.headers["x-fapi-interaction-id"]
    assert verdict.trail.last()["event"] == "service.defect"
    assert "the secret inside" in caplog.text


def test_what_django_finds_suspicious_is_a_problem(partner: Caller, verdict: Verdict) -> None:
    query = "&".join(f"a{number}=1" for number in range(2000))
    verdict.problem(partner.get(f"/accounts?{query}"), 400, "request.malformed")


def test_the_interaction_id_comes_back(partner: Caller, verdict: Verdict) -> None:
    known = "93bac548-d2de-4546-b106-880a5018460d"
    response = partner.get("/accounts", **{"x-fapi-interaction-id": known})
    assert response.headers["x-fapi-interaction-id"] == known
    assert verdict.trail.last()["correlation_id"] == known
    assert (
        partner.get("/nowhere", **{"x-fapi-interaction-id": known}).headers["x-fapi-interaction-id"] == known
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = st.sampled_from(
    ["debtor_account", "creditor_name", "creditor_iban", "amount", "reference", "other"]
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.dictionaries(MEMBERS, JSON_VALUES), raw=st.none() | st.binary(max_size=60))
def test_no_body_whatever_brings_about_a_defect(
    partner: Caller, instruction: dict[str, Any], members: dict[str, Any], raw: bytes | None
) -> None:
    response = partner.pays({**instruction, **members} if raw is None else raw)
    assert response.status_code in {201, 400, 422}
