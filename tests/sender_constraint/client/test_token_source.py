"""Tokens: asked for once by however many, early enough, and understood."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from sender_constraint.certificates.generations import Generation
from sender_constraint.client.errors import CallFailed, ServerUnreachable, TokenRefused, TokenUnusable
from sender_constraint.client.retries import Retries
from sender_constraint.client.token_source import AccessToken, TokenRequest, TokenSource, read_token
from tests.sender_constraint.client.bank import Bank
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
REQUEST = TokenRequest("partner", "accounts payments", "https://api.example")


class SetClock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


class Obtained:
    """Remembers the tokens that were obtained, and lets a test wait for one."""

    def __init__(self) -> None:
        self.tokens: list[AccessToken] = []
        self._arrived = threading.Semaphore(0)

    def __call__(self, token: AccessToken) -> None:
        self.tokens.append(token)
        self._arrived.release()

    def wait(self, count: int) -> None:
        for _ in range(count):
            assert self._arrived.acquire(timeout=10)


@pytest.fixture
def obtained() -> Obtained:
    return Obtained()


@pytest.fixture
def failures() -> "queue.Queue[CallFailed]":
    return queue.Queue()


@pytest.fixture
def source(
    server: TLSServer,
    pool: httpx.Client,
    retries: Retries,
    clock: SetClock,
    obtained: Obtained,
    failures: "queue.Queue[CallFailed]",
) -> TokenSource:
    endpoint = f"{server.origin}/token"
    return TokenSource(
        pool, endpoint, REQUEST, retries=retries, clock=clock, on_token=obtained, on_failure=failures.put
    )


@pytest.mark.clause("RFC 6749 §4.4.2")
@pytest.mark.clause("RFC 8705 §2")
@pytest.mark.clause("RFC 8707 §2")
def test_it_asks_as_the_client_with_the_certificate_of_the_generation(
    source: TokenSource, server: TLSServer, bank: Bank, generation: Generation
) -> None:
    token = source.token("8b4ae5b2-6ad4-4ff1-a3ee-000000000001")

    assert token.value == "token-1"
    assert bank.token_forms == [
        {
            "grant_type": ["client_credentials"],
            "client_id": ["partner"],
            "scope": ["accounts payments"],
            "resource": ["https://api.example"],
        }
    ]
    (asked,) = server.asked
    assert asked.thumbprint == generation.thumbprint
    assert "authorization" not in asked.headers
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["x-fapi-interaction-id"] == "8b4ae5b2-6ad4-4ff1-a3ee-000000000001"


def test_what_is_not_set_is_not_sent() -> None:
    assert TokenRequest("partner").form() == {"grant_type": "client_credentials", "client_id": "partner"}


def test_a_token_is_kept(source: TokenSource, server: TLSServer) -> None:
    assert source.token() is source.token()
    assert len(server.asked) == 1


def test_twenty_threads_without_a_token_ask_once(source: TokenSource, server: TLSServer, bank: Bank) -> None:
    asked_for, go_on = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Answer:
        asked_for.set()
        assert go_on.wait(10)
        return bank.token(asked)

    bank.answers["/token"] = slow
    with ThreadPoolExecutor(20) as threads:
        futures = [threads.submit(source.token) for _ in range(20)]
        assert asked_for.wait(10)
        go_on.set()
        tokens = {future.result(10).value for future in futures}

    assert tokens == {"token-1"}
    assert server.count("/token") == 1


def test_twenty_threads_share_a_failure(source: TokenSource, server: TLSServer, bank: Bank) -> None:
    gate = threading.Barrier(20)

    def refuse(_asked: Asked) -> Answer:
        return Answer(400, {"error": "invalid_scope"})

    bank.answers["/token"] = refuse

    def ask() -> str:
        gate.wait(10)
        with pytest.raises(TokenRefused) as refused:
            source.token()
        return refused.value.code

    with ThreadPoolExecutor(20) as threads:
        assert {future.result(10) for future in [threads.submit(ask) for _ in range(20)]} == {"invalid_scope"}
    assert server.count("/token") <= 20


def test_it_is_renewed_early_beside_those_who_use_it(
    source: TokenSource, bank: Bank, clock: SetClock, obtained: Obtained
) -> None:
    first = source.token()
    obtained.wait(1)
    go_on = threading.Event()

    def slow(asked: Asked) -> Answer:
        assert go_on.wait(10)
        return bank.token(asked)

    bank.answers["/token"] = slow
    clock.now = first.renew_at

    assert [source.token() for _ in range(5)] == [first] * 5  # nobody waits
    go_on.set()
    obtained.wait(1)
    assert source.token().value == "token-2"
    assert len(obtained.tokens) == 2


def test_it_is_not_renewed_before(source: TokenSource, server: TLSServer, clock: SetClock) -> None:
    first = source.token()
    clock.now = first.renew_at - timedelta(microseconds=1)

    assert source.token() is first
    assert len(server.asked) == 1


@pytest.mark.parametrize(("lifetime", "early"), [(300, 30), (60, 12), (2, 0.4)])
def test_how_early_depends_on_its_lifetime(lifetime: int, early: float) -> None:
    token = AccessToken("t", NOW, NOW + timedelta(seconds=lifetime), None)

    assert token.renew_at == token.expires_at - timedelta(seconds=early)


def test_a_failed_renewal_is_not_repeated_at_once_and_the_old_token_serves(
    source: TokenSource,
    server: TLSServer,
    bank: Bank,
    clock: SetClock,
    obtained: Obtained,
    failures: "queue.Queue[TokenRefused]",
) -> None:
    first = source.token()
    bank.answers["/token"] = lambda _asked: Answer(400, {"error": "invalid_client"})
    clock.now = first.renew_at

    assert source.token() is first
    assert failures.get(timeout=10).code == "invalid_client"
    assert source.token() is first
    assert server.count("/token") == 2

    bank.answers.clear()
    clock.now += timedelta(seconds=1)
    source.token()
    obtained.wait(2)
    assert source.token().value == "token-2"


def test_an_expired_token_is_not_given_out(source: TokenSource, clock: SetClock) -> None:
    first = source.token()
    clock.now = first.expires_at

    assert source.token().value == "token-2"


def test_its_life_counts_from_before_it_was_asked_for(
    source: TokenSource, bank: Bank, clock: SetClock
) -> None:
    def slow(asked: Asked) -> Answer:
        clock.now += timedelta(seconds=7)
        return bank.token(asked)

    bank.answers["/token"] = slow

    assert source.token().expires_at == NOW + timedelta(seconds=300)


def test_a_discarded_token_is_replaced_once(source: TokenSource, server: TLSServer) -> None:
    first = source.token()
    source.discard(first)
    second = source.token()
    source.discard(first)  # too late: it is not the one in use any more

    assert source.token() is second
    assert server.count("/token") == 2


@pytest.mark.clause("RFC 6749 §5.2")
def test_a_refusal_carries_code_description_and_correlation_id(source: TokenSource, bank: Bank) -> None:
    refusal = {"error": "invalid_client", "error_description": "unknown client"}
    bank.answers["/token"] = lambda _asked: Answer(401, refusal, {"x-fapi-interaction-id": "theirs"})

    with pytest.raises(TokenRefused, match=r"invalid_client: unknown client.*theirs") as refused:
        source.token("ours")

    error = refused.value
    assert (error.status, error.code, error.description, error.correlation_id) == (
        401,
        "invalid_client",
        "unknown client",
        "theirs",
    )


def test_a_refusal_without_a_code_is_one_too(source: TokenSource, bank: Bank) -> None:
    bank.answers["/token"] = lambda _asked: Answer(418, b"teapot")

    with pytest.raises(TokenRefused, match="no error code") as refused:
        source.token("ours")
    assert refused.value.correlation_id == "ours"


def test_a_token_endpoint_that_is_away_is_tried_again(
    source: TokenSource, server: TLSServer, bank: Bank
) -> None:
    answers = iter([Answer(hang_up=True), Answer(503, {}), Answer(200, token_answer())])
    bank.answers["/token"] = lambda _asked: next(answers)

    assert source.token().value == "t"
    assert server.count("/token") == 3


def test_one_that_stays_away_is_unreachable(pool: httpx.Client, retries: Retries) -> None:
    with pytest.raises(ServerUnreachable, match="no token"):
        TokenSource(pool, "https://localhost:1/token", REQUEST, retries=retries).token()


def token_answer(**changes: object) -> dict[str, object]:
    return {"access_token": "t", "token_type": "Bearer", "expires_in": 300} | changes


@pytest.mark.clause("RFC 6749 §5.1")
def test_a_token_whose_lifetime_is_not_told_is_used_for_a_minute() -> None:
    answer = token_answer()
    del answer["expires_in"]
    assert read_token(answer, NOW).expires_at == NOW + timedelta(seconds=60)


def test_an_authorization_server_s_own_parameters_are_sent_beside_the_others_and_in_place_of_none() -> None:
    form = TokenRequest("partner", parameters={"audience": "bank", "client_id": "other"}).form()
    assert form == {"grant_type": "client_credentials", "client_id": "partner", "audience": "bank"}


@pytest.mark.clause("RFC 6749 §5.1")
def test_an_answer_is_read() -> None:
    token = read_token(token_answer(scope="accounts", token_type="bEaReR"), NOW)

    assert token == AccessToken("t", NOW, NOW + timedelta(seconds=300), "accounts")


@pytest.mark.clause("RFC 6749 §7.1")
@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": ""},
        {"access_token": 5},
        {"access_token": "a\r\nb"},
        {"access_token": "ä"},
        {"token_type": "DPoP"},
        {"token_type": "mac"},
        {"token_type": None},
        {"expires_in": None},
        {"expires_in": "300"},
        {"expires_in": True},
        {"expires_in": 1.5},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": 10**30},
    ],
)
def test_what_is_no_token_for_us_is_unusable(changes: dict[str, object]) -> None:
    with pytest.raises(TokenUnusable):
        read_token(token_answer(**changes), NOW)


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"\xff"])
def test_an_answer_that_is_no_json_object_is_unusable(
    source: TokenSource, bank: Bank, content: bytes
) -> None:
    bank.answers["/token"] = lambda _asked: Answer(200, content)

    with pytest.raises(TokenUnusable):
        source.token()


def test_a_token_is_not_shown() -> None:
    token = read_token(token_answer(access_token="very-secret"), NOW)

    assert "very-secret" not in repr(token)
    assert token.fingerprint not in "very-secret"
