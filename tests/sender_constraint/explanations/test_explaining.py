"""Explanations of all kinds, and of every rule in the registry."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sender_constraint.core.guidance import NO_GUIDANCE, Guidance
from sender_constraint.explanations.explaining import explain
from sender_constraint.explanations.report import document, lines, summary
from sender_constraint.explanations.shown import LEFT_OUT, LONGEST, shown
from sender_constraint.resource_server.claims import AUDIENCE
from tests.sender_constraint.explanations.refusals import CORRELATION_ID, every_rule, recorded, refused

A_TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwYXJ0bmVyIn0.c2lnbmF0dXJl"
A_KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----"


def test_every_rule_can_be_explained_from_the_event_that_a_service_writes(tmp_path: Path) -> None:
    """A rule that fails here needs ``.explained(…)`` at its declaration."""
    assert len(every_rule()) > 100
    for rule in every_rule().values():
        event = recorded(rule, tmp_path, expected="this", presented=["that", "or that"])
        explanation = explain(event)
        assert (explanation.rule, explanation.section) == (rule.identifier, rule.clause)
        assert explanation.refuses == rule.refuses
        assert explanation.expected, rule.identifier
        assert explanation.presented, rule.identifier
        assert rule.guidance != NO_GUIDANCE, f"{rule.identifier} has no guidance"


def test_a_rule_can_be_explained_from_an_event_without_any_detail(tmp_path: Path) -> None:
    for rule in every_rule().values():
        explanation = explain(recorded(rule, tmp_path))
        assert explanation.refuses == rule.refuses
        words = f"{explanation.expected}{explanation.presented}"
        assert "{" not in words, rule.identifier


def test_guidance_is_the_same_after_it_was_written_to_the_trail_and_read(tmp_path: Path) -> None:
    for rule in every_rule().values():
        assert Guidance.of_fields(recorded(rule, tmp_path)["guidance"]) == rule.guidance, rule.identifier


def test_an_event_of_a_version_without_guidance_is_explained_with_that_of_the_rule_where_it_is_known() -> (
    None
):
    event = refused(AUDIENCE.identifier, expected="https://api.example", presented="https://api.example/")
    old = {name: value for name, value in event.items() if name != "guidance"}
    assert explain(old) == explain(event)
    unknown = explain({**old, "rule": "unheard.of"})
    assert (unknown.expected, unknown.presented) == ("https://api.example", "https://api.example/")
    assert unknown.refuses == "Something is wrong."


def test_a_next_step_can_quote_the_detail() -> None:
    explanation = explain(refused("registration-endpoint.hourly-limit", expected=5, retry_after_seconds=17))
    assert (explanation.next_step or "").startswith("Retry after 17 seconds.")
    assert explain(refused("money.amount-form")).next_step == (
        'Send the amount as a decimal string: {"amount": "12.34", "currency": "EUR"}.'
    )


CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "token.audience": (
        {"expected": "https://api.example", "presented": ["https://api.example/"]},
        "a token for https://api.example",
        "a token for https://api.example/",
        "They differ only in a slash at the end, which is unexpected.",
    ),
    "token.issuer": (
        {"expected": "https://as.example:8441", "presented": "https://as.example:8442"},
        "a token of the issuer https://as.example:8441",
        "a token of https://as.example:8442",
        "They differ first at character 23: expected '1', presented '2'.",
    ),
    "token.scope": (
        {"expected": "payments", "presented": ["accounts"]},
        "a token with the scope payments",
        "a token with the scope accounts",
        "Missing: payments.",
    ),
    "scope.allowed": (
        {"expected": "accounts", "presented": "accounts payments"},
        "all or part of the scope that the client is registered for: accounts",
        "the scope accounts payments",
        "Not among the expected: payments.",
    ),
    "client.san-uri": (
        {"expected": "urn:example:partner", "presented": ["https://x.example", "URN:example:partner"]},
        "a certificate with the URI urn:example:partner, the client's tls_client_auth_san_uri",
        "https://x.example, URN:example:partner",
        "The nearest, 'URN:example:partner', differs only in letter case.",
    ),
    "client.san-dns": (
        {"expected": "partner.example", "presented": ["partner.example."]},
        "a certificate with the DNS name partner.example, the client's tls_client_auth_san_dns",
        "partner.example.",
        "They differ only in a dot at the end, which is unexpected.",
    ),
    "client.san-ip": (
        {"expected": "192.0.2.1", "presented": ["::ffff:192.0.2.1"]},
        "a certificate with the IP address 192.0.2.1, the client's tls_client_auth_san_ip",
        "::ffff:192.0.2.1",
        "::ffff:192.0.2.1 is 192.0.2.1 as an address of another IP version.",
    ),
    "renewal.alternative-names": (
        {"expected": ["DNSName a", "DNSName b"], "presented": ["DNSName b", "DNSName c"]},
        "the names DNSName a, DNSName b",
        "DNSName b, DNSName c",
        "Missing: DNSName a.",
    ),
    "idempotency.key-reused": (
        {"expected": "ab" * 32, "presented": "cd" * 32},
        f"the content that the key was first used with (SHA-256 {'ab' * 32})",
        f"different content (SHA-256 {'cd' * 32})",
        "",
    ),
    "token.algorithm": (
        {"expected": ["ES256"], "presented": "'HS256'"},
        "a token signed with ES256",
        "alg 'HS256'",
        "",
    ),
    "payments.funds": (
        {"replayed": True},
        "",
        "",
        "This repeats the response to the first request with the same Idempotency-Key.",
    ),
    "unheard.of": ({"expected": 1, "presented": 2, "reason": "odd"}, "1", "2", "Reason: odd."),
}


@pytest.mark.parametrize("rule", CASES)
def test_expected_stands_beside_presented_in_words(rule: str) -> None:
    detail, expected, presented, finding = CASES[rule]
    explanation = explain(refused(rule, **detail))
    assert (explanation.expected or "", explanation.presented or "") == (expected, presented)
    assert (explanation.findings or ("",))[0] == finding


def test_a_name_that_is_like_none_is_said_to_be_far_off() -> None:
    explanation = explain(refused("client.san-dns", expected="partner.example", presented=["x.org", "y.net"]))
    assert explanation.findings == ("None of the 2 is similar.",)


@pytest.mark.parametrize("rule", ["client.known", "token.audience", "client.subject-dn", "certificate.chain"])
@pytest.mark.parametrize("secret", [A_TOKEN, A_KEY, f"Bearer {A_TOKEN}", "Basic cGFydG5lcjpzM2NyM3Q="])
def test_a_secret_that_a_caller_put_where_a_name_belongs_is_not_told(rule: str, secret: str) -> None:
    event = refused(rule, expected="partner", presented=secret, problem=secret, chain=[secret])
    event |= {"client_id": secret, "path": f"/accounts/{secret}"}
    told = "\n".join([*lines(event), summary(event), json.dumps(document([event]))])
    assert LEFT_OUT in told
    for piece in (A_TOKEN[:30], "MIGHAgEA", "cGFydG5lcjpzM2NyM3Q"):
        assert piece not in told


def test_what_a_terminal_would_obey_is_told_as_escapes() -> None:
    told = "\n".join(lines(refused("client.known", presented="a\x1b[2Jb\r\n\u202ec")))
    assert "a\\x1b[2Jb\\r\\n\\u202ec" in told


def test_long_values_are_cut() -> None:
    assert shown("x" * 10_000) == "x" * LONGEST + "…"
    assert shown(list(range(100))).endswith(" and 88 more")
    assert max(map(len, lines(refused("client.known", presented="x " * 10_000)))) <= 110


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=4)
    ),
    max_leaves=8,
)
NAMES = ["expected", "presented", "chain", "failed", "spelling", "problem"]
NAMES += ["not_after", "not_before", "now", "expired_at", "leeway_seconds", "window_seconds"]


@given(
    rule=st.deferred(lambda: st.sampled_from([*every_rule(), "x", ""])) | JSON_VALUES,
    guidance=st.deferred(
        lambda: st.sampled_from([each.guidance.fields() for each in every_rule().values()]) | JSON_VALUES
    ),
    detail=st.dictionaries(st.sampled_from(NAMES), JSON_VALUES) | JSON_VALUES,
    fields=st.dictionaries(st.sampled_from(["time", "thumbprint", "status", "peer", "section"]), JSON_VALUES),
)
def test_no_event_at_all_makes_an_explanation_fail(
    rule: Any, guidance: Any, detail: Any, fields: dict[str, Any]
) -> None:
    event = {**fields, "outcome": "refused", "rule": rule, "guidance": guidance, "detail": detail}
    assert list(lines(event))
    assert summary(event)
    json.dumps(document([event]))


def test_the_report_is_read_at_a_glance() -> None:
    event = refused("token.expired", expired_at=1772366388, now=1772366400.5, leeway_seconds=5)
    event |= {"status": 401, "error": "invalid_token", "description": "The access token has expired"}
    event |= {"client_id": "partner", "peer": "127.0.0.1:4711", "method": "GET", "path": "/accounts"}
    assert list(lines(event)) == [
        "2026-03-01T12:00:00.000+00:00  bank_api  api.call  GET  /accounts",
        "  outcome    refused with 401 invalid_token: The access token has expired",
        "  rule       token.expired (RFC 0000 §1)",
        "  refuses    Something is wrong.",
        "  expected   a request before 2026-03-01T11:59:48.000Z, with a leeway of 5 seconds for clock skew",
        "  presented  a request at 2026-03-01T12:00:00.500Z",
        "  found      It expired 12.5 seconds before the request.",
        "  next step  Request a new token before expires_in elapses, and check the clock.",
        "  caller     client partner, from 127.0.0.1:4711, no certificate",
    ]
    assert summary(event).endswith(f"401 invalid_token  token.expired  {CORRELATION_ID}")
    assert document([event])[0]["explanation"]["rule"] == "token.expired"
