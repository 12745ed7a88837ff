"""A token is revoked: how many seconds pass until the API refuses it, over real sockets."""

import time
from functools import partial

import pytest

from tests.e2e.calling import APICaller
from tests.waiting import eventually
from workshop.environment.local import Environment
from workshop.forgery import decoded_parts
from workshop.story.partner import Partner
from workshop.story.revoked_token import PROMISE_SECONDS, revoke
from workshop.story.stage import Stage
from workshop.wire import Exchange

# To send a request and to have it answered, on a machine that does much else.
SLACK_SECONDS = 1.0
TOKENS_IN_A_ROW = 4

FORMATS = pytest.mark.parametrize("client_id", ["partner", "opaque-client"], ids=["jwt", "opaque"])
RULES = {"partner": "token.revoked", "opaque-client": "token.inactive"}


def caller(stage: Stage, partner: Partner, client_id: str) -> APICaller:
    return APICaller(
        stage.wire, stage.deployment.api_url, partner.credentials, partner.token(stage, client_id)
    )


@FORMATS
@pytest.mark.clause("RFC 7009 §2.2")
@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
def test_a_revoked_token_is_refused_within_the_promised_seconds(
    stage: Stage, partner: Partner, client_id: str
) -> None:
    measured = []
    for _ in range(TOKENS_IN_A_ROW):
        api = caller(stage, partner, client_id)
        assert api.gets().status == 200

        revoke(stage, partner, client_id, api.token)
        revoked_at = time.monotonic()
        refused = eventually(partial(_refused, api), "the token is refused", seconds=PROMISE_SECONDS * 2)
        measured.append(time.monotonic() - revoked_at)

        assert (refused.status, refused.error) == (401, "invalid_token")
        assert stage.audit.about(refused).rule == RULES[client_id]
        assert api.gets().status == 401
    shown = ", ".join(f"{seconds:.2f}" for seconds in measured)
    print(f"\nrevoked, and refused by the API after so many seconds ({client_id}): {shown}")
    assert max(measured) <= PROMISE_SECONDS + SLACK_SECONDS


def _refused(api: APICaller) -> Exchange | None:
    exchange = api.gets()
    return exchange if exchange.status != 200 else None


@FORMATS
def test_a_token_that_was_never_shown_is_refused_at_once_when_it_is_revoked(
    stage: Stage, partner: Partner, client_id: str
) -> None:
    api = caller(stage, partner, client_id)
    revoke(stage, partner, client_id, api.token)

    eventually(lambda: api.gets().status == 401, "the token is refused", seconds=PROMISE_SECONDS)


@FORMATS
@pytest.mark.clause("RFC 9110 §15.6.4")
def test_while_the_authorization_server_is_away_tokens_serve_for_the_promise_and_no_longer(
    environment: Environment, stage: Stage, partner: Partner, client_id: str
) -> None:
    api = caller(stage, partner, client_id)
    assert api.gets().status == 200
    stale = {"partner": "token.status-stale", "opaque-client": "service.introspection"}[client_id]
    away_at = time.monotonic()
    environment.stop_program("authserver")
    try:
        refused = eventually(lambda: _refused(api), "nothing can be said", seconds=PROMISE_SECONDS * 2)
        seconds = time.monotonic() - away_at
    finally:
        environment.start_program("authserver")

    print(f"\nthe authorization server is away; refused after {seconds:.2f} seconds ({client_id})")
    assert (refused.status, refused.headers["retry-after"]) == (503, "1")
    assert stage.audit.about(refused).rule == stale
    eventually(lambda: api.gets().status == 200, "it goes on by itself", seconds=PROMISE_SECONDS * 2)


@pytest.mark.clause("RFC 9110 §13.1.2")
def test_the_status_list_is_public_and_not_sent_twice(stage: Stage, partner: Partner) -> None:
    _, claims = decoded_parts(partner.token(stage))
    uri = claims["status"]["status_list"]["uri"]

    def again() -> Exchange | None:
        first = stage.wire.send("GET", uri)
        assert (first.status, first.headers["content-type"]) == (200, "application/statuslist+jwt")
        second = stage.wire.send("GET", uri, headers={"If-None-Match": first.headers["etag"]})
        return second if second.status == 304 else None

    # In between another token may have been revoked, or half a minute have begun.
    assert eventually(again, "the list is the one that the caller has").body == b""
