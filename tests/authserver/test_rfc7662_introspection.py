"""RFC 7662 and RFC 9701: what a token is worth, and who is told."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography import x509

from authserver.issued_tokens.register import find, revoke
from authserver.keys.store import signing_key_store
from sender_constraint.core.confirmation import certificate_confirmation
from tests.authserver.asking_about_tokens import API, API_METADATA, about
from tests.authserver.caller import OTHER_RESOURCE, RESOURCE, Caller, Verdict
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue

INACTIVE = b'{"active": false}'
SIGNED = "application/token-introspection+jwt"
# How much slower one inactive answer may be than another before a caller could tell.
MOST_SECONDS_APART = 0.002


@pytest.fixture
def api(scheme: Scheme, registered: Callable[..., Any], partner: Caller) -> Caller:
    """The API that the partner's tokens are for, with a client certificate of its own."""
    registered(**API_METADATA)
    certificate = issue(
        scheme.issuing, subject="bank-api", alternative_names=(x509.DNSName("bank-api.example"),)
    )
    return partner.but(client_id=API).with_certificate(certificate)


def introspected(caller: Caller, token: str | None, **headers: str) -> Any:
    return about(caller, "/introspect", token, **headers).asks()


def inactive(response: Any, verdict: Verdict, rule: str) -> None:
    """The one answer for whatever is not shown, and the reason that is recorded."""
    assert (response.status_code, response.content) == (200, INACTIVE)
    assert response.headers["Cache-Control"] == "no-store"
    event = verdict.trail.last()
    assert (event["event"], event["outcome"], event["rule"]) == ("introspect", "refused", rule)


@pytest.mark.clause("RFC 7662 §2.2")
@pytest.mark.clause("RFC 8705 §3.2")
def test_an_api_learns_all_about_a_token_that_is_for_it(
    api: Caller, token: str, partner_certificate: Issued, verdict: Verdict
) -> None:
    response = introspected(api, token)

    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-store"
    answer = response.json()
    issued_at = int(NOW.timestamp())
    assert len(answer.pop("jti")) >= 20
    assert answer == {
        "active": True,
        "token_type": "Bearer",
        "iss": "https://localhost:8441",
        "sub": "partner",
        "client_id": "partner",
        "aud": RESOURCE,
        "iat": issued_at,
        "exp": issued_at + 300,
        "scope": "accounts payments",
        "cnf": certificate_confirmation(partner_certificate.der),
    }
    event = verdict.trail.last()
    assert (event["event"], event["outcome"], event["client_id"]) == ("token.introspected", "accepted", API)
    assert token not in verdict.trail.file.read_text()


@pytest.mark.clause("RFC 7662 §4")
def test_a_client_learns_about_its_own_token(partner: Caller, token: str) -> None:
    assert introspected(partner, token).json()["active"] is True


@pytest.mark.clause("RFC 7662 §4")
def test_a_client_learns_nothing_about_anothers_token(
    other_client: Caller, token: str, verdict: Verdict
) -> None:
    inactive(introspected(other_client, token), verdict, "introspection.concerns")


@pytest.mark.clause("RFC 7662 §4")
def test_an_api_learns_nothing_about_a_token_for_another_one(
    api: Caller, partner: Caller, verdict: Verdict
) -> None:
    token = verdict.accepted(partner.asks(resource=OTHER_RESOURCE))["access_token"]

    inactive(introspected(api, token), verdict, "introspection.concerns")


@pytest.mark.clause("RFC 7662 §2.2")
def test_a_token_has_ended_at_its_end_and_not_before(
    api: Caller, token: str, verdict: Verdict, now: list[datetime]
) -> None:
    now[0] = NOW + timedelta(seconds=299)
    assert introspected(api, token).json()["active"] is True
    now[0] = NOW + timedelta(seconds=300)
    inactive(introspected(api, token), verdict, "introspection.expired")


@pytest.mark.clause("RFC 7662 §2.2")
def test_a_revoked_token_is_inactive(api: Caller, token: str, verdict: Verdict) -> None:
    issued = find(token)
    assert issued is not None
    revoke(issued, NOW)

    inactive(introspected(api, token), verdict, "introspection.revoked")


@pytest.mark.clause("RFC 7662 §2.2")
@pytest.mark.parametrize("changed", [lambda token: token[:-1], lambda token: token + "A", lambda _: "guess"])
def test_a_token_that_differs_in_anything_is_unknown(
    api: Caller, token: str, verdict: Verdict, changed: Callable[[str], str]
) -> None:
    inactive(introspected(api, changed(token)), verdict, "introspection.issued")


@pytest.mark.clause("RFC 7662 §2.2")
def test_a_jwt_of_a_key_that_was_withdrawn_is_inactive(
    api: Caller, partner: Caller, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = verdict.accepted(partner.asks())["access_token"]
    monkeypatch.setattr("authserver.introspection.answers.jws.header_of", lambda _: {"kid": "gone"})

    inactive(introspected(api, token), verdict, "introspection.key")


@pytest.mark.clause("RFC 7662 §2.1")
def test_whoever_is_not_authenticated_is_told_nothing(api: Caller, token: str, verdict: Verdict) -> None:
    verdict.refused(introspected(api.with_certificate(), token), 401, "invalid_client", "certificate.missing")


@pytest.mark.clause("RFC 7662 §2.1")
def test_a_bearer_token_of_the_callers_authenticates_nobody(
    api: Caller, token: str, verdict: Verdict
) -> None:
    response = introspected(api.with_certificate(), token, Authorization=f"Bearer {token}")

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert verdict.trail.last()["outcome"] == "refused"


@pytest.mark.clause("RFC 7662 §2.1")
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_it_is_asked_by_post(api: Caller, token: str, verdict: Verdict, method: str) -> None:
    caller = about(api, "/introspect", token).but(method=method)
    verdict.refused(caller.asks(), 405, "invalid_request", "token-request.method")


@pytest.mark.clause("RFC 7662 §2.1")
def test_a_request_without_a_token_is_refused(api: Caller, verdict: Verdict) -> None:
    verdict.refused(introspected(api, None), 400, "invalid_request", "token-parameter.missing")


@pytest.mark.clause("RFC 7662 §2.1")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_changes_nothing(api: Caller, token: str, hint: str) -> None:
    caller = about(api, "/introspect", token)
    assert caller.asks(token_type_hint=hint).json()["active"] is True


@pytest.mark.clause("RFC 9701 §5")
def test_whoever_asks_for_a_signed_answer_gets_one_for_itself(api: Caller, token: str) -> None:
    response = introspected(api, token, Accept=SIGNED)

    assert response.headers["Content-Type"] == SIGNED
    key = signing_key_store().load().signing
    assert jwt.get_unverified_header(response.content.decode()) == {
        "typ": "token-introspection+jwt",
        "alg": "ES256",
        "kid": key.kid,
    }
    claims = jwt.decode(
        response.content.decode(),
        key.private_key.public_key(),
        algorithms=["ES256"],
        audience=API,
        issuer="https://localhost:8441",
        options={"verify_iat": False},
    )
    assert set(claims) == {"iss", "aud", "iat", "token_introspection"}
    assert claims["iat"] == int(NOW.timestamp())
    assert claims["token_introspection"] == introspected(api, token).json()


@pytest.mark.clause("RFC 9701 §5")
def test_a_signed_answer_about_what_is_not_shown_says_only_that(other_client: Caller, token: str) -> None:
    response = introspected(other_client, token, Accept=SIGNED)

    claims = jwt.decode(response.content.decode(), options={"verify_signature": False})
    assert claims["token_introspection"] == {"active": False}


@pytest.mark.clause("RFC 9701 §4")
@pytest.mark.parametrize("accept", ["*/*", "application/json", f"{SIGNED};q=0.5, application/json"])
def test_whoever_prefers_json_gets_json(api: Caller, token: str, accept: str) -> None:
    assert introspected(api, token, Accept=accept).headers["Content-Type"] == "application/json"


@pytest.mark.clause("RFC 7662 §4")
def test_what_is_not_shown_takes_as_long_as_what_does_not_exist(other_client: Caller, token: str) -> None:
    seconds: dict[str, list[float]] = {token: [], "unknown-" + token[8:]: []}
    for _ in range(60):
        for each, measured in seconds.items():
            began = time.perf_counter()
            assert introspected(other_client, each).content == INACTIVE
            measured.append(time.perf_counter() - began)
    existing, unknown = (min(measured) for measured in seconds.values())

    print(
        f"the fastest of 60 inactive answers: {existing * 1e3:.2f} ms for another client's token, "
        f"{unknown * 1e3:.2f} ms for one that does not exist"
    )
    assert abs(existing - unknown) < MOST_SECONDS_APART
