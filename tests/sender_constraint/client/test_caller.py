"""Calls go on while certificates turn: make before break."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sender_constraint.certificates.errors import NoGeneration
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.errors import (
    MetadataInvalid,
    ServerUnreachable,
    TokenRefused,
    WaitingForCertificate,
)
from sender_constraint.client.observer import Call, CallerObserver
from sender_constraint.client.retries import Retries
from sender_constraint.client.token_source import AccessToken, TokenRequest
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.client.bank import METADATA, Bank
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer


def _id_of(generation: Generation | None) -> str | None:
    return None if generation is None else generation.id


class Watcher(CallerObserver):
    """Remembers everything, and lets a test wait for it."""

    def __init__(self) -> None:
        self.swaps: list[tuple[str | None, str]] = []
        self.closed_ids: list[str] = []
        self.tokens: list[tuple[str, str]] = []
        self.failures: list[Exception] = []
        self.calls: list[Call] = []
        self._changed = threading.Condition()

    def swapped(self, previous: Generation | None, current: Generation | None) -> None:
        self._note(lambda: self.swaps.append((_id_of(previous), str(_id_of(current)))))

    def closed(self, generation: Generation | None) -> None:
        self._note(lambda: self.closed_ids.append(str(_id_of(generation))))

    def token_obtained(self, generation: Generation | None, token: AccessToken) -> None:
        self._note(lambda: self.tokens.append((str(_id_of(generation)), token.value)))

    def preparation_failed(self, error: Exception) -> None:
        self._note(lambda: self.failures.append(error))

    def called(self, call: Call) -> None:
        self._note(lambda: self.calls.append(call))

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout=10)

    def _note(self, note: Callable[[], None]) -> None:
        with self._changed:
            note()
            self._changed.notify_all()


class MovedClock:
    """The clock on the wall, moved by as much as the test says."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def settings(server: TLSServer, authority: Authority) -> CallerSettings:
    return CallerSettings(server.origin, TokenRequest("partner"), authority.trust_bundle)


@pytest.fixture
def caller(
    settings: CallerSettings, store: GenerationStore, retries: Retries, clock: MovedClock, watcher: Watcher
) -> Iterator[Caller]:
    with Caller(store, settings, retries=retries, clock=clock, observer=watcher) as made:
        yield made


@pytest.fixture
def accounts(server: TLSServer) -> str:
    return f"{server.origin}/accounts"


def test_a_call_presents_certificate_and_token_of_one_generation(
    caller: Caller, generation: Generation, accounts: str, server: TLSServer, watcher: Watcher
) -> None:
    response = caller.request("GET", accounts, correlation_id="our-id")

    assert response.status_code == 200
    assert response.json() == {"token": "token-1", "thumbprint": generation.thumbprint}
    assert [asked.path for asked in server.asked] == [METADATA, "/token", "/accounts"]
    assert server.asked[-1].headers["x-fapi-interaction-id"] == "our-id"
    assert watcher.tokens == [(generation.id, "token-1")]
    (call,) = watcher.calls
    assert (call.method, call.url, call.status, call.attempts) == ("GET", accounts, 200, 1)
    assert (call.generation_id, call.thumbprint) == (generation.id, generation.thumbprint)
    assert call.correlation_id == "our-id"
    assert "token-1" not in repr(call)


def test_the_next_call_uses_what_is_there(
    caller: Caller, generation: Generation, accounts: str, server: TLSServer
) -> None:
    for _ in range(5):
        assert caller.request("GET", accounts).json()["thumbprint"] == generation.thumbprint

    assert server.count("/token") == 1
    ids = {asked.headers["x-fapi-interaction-id"] for asked in server.asked if asked.path == "/accounts"}
    assert len(ids) == 5


def test_without_a_certificate_there_is_no_call(caller: Caller, accounts: str, watcher: Watcher) -> None:
    with pytest.raises(NoGeneration):
        caller.request("GET", accounts)
    assert watcher.calls[0].status is None


def test_who_calls_keeps_what_it_has_where_the_new_one_is_broken_and_who_starts_takes_the_last_good_one(
    caller: Caller,
    settings: CallerSettings,
    accounts: str,
    authority: Authority,
    store: GenerationStore,
    watcher: Watcher,
) -> None:
    good = authority.publish(store)
    assert caller.request("GET", accounts).status_code == 200
    broken = authority.publish(store)
    broken.private_key_path.chmod(0o644)

    assert caller.request("GET", accounts).status_code == 200
    watcher.wait_until(lambda: any("mode 0644" in str(failure) for failure in watcher.failures))
    with Caller(store, settings, observer=watcher) as another:
        assert another.request("GET", accounts).status_code == 200
    assert {call.generation_id for call in watcher.calls} == {good.id}

    mended = authority.publish(store)
    with Caller(store, settings, observer=watcher) as another:
        another.request("GET", accounts)
    assert watcher.calls[-1].generation_id == mended.id


def test_a_new_generation_is_prepared_beside_calls_that_go_on_with_the_old(
    caller: Caller,
    generation: Generation,
    authority: Authority,
    store: GenerationStore,
    accounts: str,
    bank: Bank,
    watcher: Watcher,
) -> None:
    caller.request("GET", accounts)
    go_on = threading.Event()

    def slow(asked: Asked) -> Answer:
        assert go_on.wait(10)
        return bank.token(asked)

    bank.answers["/token"] = slow
    new = authority.publish(store)

    meanwhile = [caller.request("GET", accounts).json() for _ in range(5)]
    assert {answer["thumbprint"] for answer in meanwhile} == {generation.thumbprint}

    go_on.set()
    watcher.wait_until(lambda: len(watcher.swaps) == 2)
    after = caller.request("GET", accounts).json()
    assert after == {"token": "token-2", "thumbprint": new.thumbprint}
    assert watcher.swaps == [(None, generation.id), (generation.id, new.id)]
    assert all(call.status == 200 for call in watcher.calls)


def test_a_call_in_flight_finishes_on_the_old_one_which_is_closed_after_it(
    caller: Caller,
    generation: Generation,
    authority: Authority,
    store: GenerationStore,
    server: TLSServer,
    bank: Bank,
    watcher: Watcher,
) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Answer:
        arrived.set()
        assert go_on.wait(10)
        return bank.api(asked)

    bank.answers["/slow"] = slow
    with ThreadPoolExecutor(1) as threads:
        in_flight = threads.submit(caller.request, "GET", f"{server.origin}/slow")
        assert arrived.wait(10)
        new = authority.publish(store)
        caller.request("GET", f"{server.origin}/accounts")
        watcher.wait_until(lambda: len(watcher.swaps) == 2)
        caller.request("GET", f"{server.origin}/accounts")
        assert watcher.closed_ids == []
        go_on.set()
        answer = in_flight.result(10)

    assert answer.json()["thumbprint"] == generation.thumbprint
    watcher.wait_until(lambda: watcher.closed_ids == [generation.id])
    assert caller.request("GET", f"{server.origin}/accounts").json()["thumbprint"] == new.thumbprint


def test_no_call_fails_while_certificates_turn_under_traffic(
    caller: Caller,
    generation: Generation,
    authority: Authority,
    store: GenerationStore,
    accounts: str,
    watcher: Watcher,
) -> None:
    stop = threading.Event()

    def keep_calling() -> list[int]:
        statuses = []
        while not stop.is_set():
            statuses.append(caller.request("GET", accounts).status_code)
        return statuses

    with ThreadPoolExecutor(8) as threads:
        workers = [threads.submit(keep_calling) for _ in range(8)]
        try:
            for turn in range(1, 6):
                watcher.wait_until(lambda turn=turn: len(watcher.swaps) == turn)  # type: ignore[misc]
                authority.publish(store)
            watcher.wait_until(lambda: len(watcher.swaps) == 6 and len(watcher.closed_ids) == 5)
        finally:
            stop.set()
        statuses = [status for worker in workers for status in worker.result(10)]

    assert set(statuses) == {200}
    assert len({call.thumbprint for call in watcher.calls}) >= 5
    assert all(call.attempts == 1 for call in watcher.calls)
    assert generation.id in watcher.closed_ids


def test_the_old_generation_serves_while_no_token_is_to_be_had_for_the_new(
    caller: Caller,
    generation: Generation,
    authority: Authority,
    store: GenerationStore,
    accounts: str,
    bank: Bank,
    clock: MovedClock,
    watcher: Watcher,
) -> None:
    caller.request("GET", accounts)
    bank.answers["/token"] = lambda _asked: Answer(400, {"error": "invalid_client"})
    new = authority.publish(store)

    caller.request("GET", accounts)
    watcher.wait_until(lambda: len(watcher.failures) == 1)
    assert caller.request("GET", accounts).json()["thumbprint"] == generation.thumbprint
    assert len(watcher.failures) == 1  # not again at once

    bank.answers.clear()
    clock.moved += timedelta(seconds=1)
    caller.request("GET", accounts)
    watcher.wait_until(lambda: watcher.swaps[-1] == (generation.id, new.id))


def test_an_expired_generation_is_not_called_with_and_the_next_one_is_without_help(
    caller: Caller,
    settings: CallerSettings,
    generation: Generation,
    authority: Authority,
    store: GenerationStore,
    accounts: str,
    clock: MovedClock,
    server: TLSServer,
) -> None:
    caller.request("GET", accounts)
    clock.moved = generation.not_after - datetime.now(UTC) + timedelta(seconds=1)

    for _ in range(2):
        with pytest.raises(WaitingForCertificate, match="waiting for a new certificate: ours ended at"):
            caller.request("GET", accounts)
    with (
        Caller(store, settings, clock=clock) as another,
        pytest.raises(WaitingForCertificate, match="ours ended at"),
    ):
        another.request("GET", accounts)
    assert server.count("/accounts") == 1

    new = authority.publish(store, lifetime=timedelta(hours=1))
    assert caller.request("GET", accounts).json()["thumbprint"] == new.thumbprint


def test_an_api_for_which_the_new_certificate_is_not_yet_valid_is_called_with_the_one_before(
    caller: Caller,
    generation: Generation,
    authority: Authority,
    store: GenerationStore,
    accounts: str,
    bank: Bank,
    clock: MovedClock,
    watcher: Watcher,
) -> None:
    caller.request("GET", accounts)
    new = authority.publish(store)

    def its_clock_is_behind(asked: Asked) -> Answer:
        return invalid_token() if asked.thumbprint == new.thumbprint else bank.api(asked)

    bank.answers["/accounts"] = its_clock_is_behind
    caller.request("GET", accounts)
    watcher.wait_until(lambda: watcher.swaps[-1] == (generation.id, new.id))
    for _ in range(3):
        assert caller.request("GET", accounts).json()["thumbprint"] == generation.thumbprint
    assert watcher.swaps[-1] == (new.id, generation.id)
    assert watcher.closed_ids == [new.id]

    bank.answers.clear()
    clock.moved += timedelta(seconds=1)
    caller.request("GET", accounts)
    watcher.wait_until(lambda: watcher.swaps[-1] == (generation.id, new.id))
    assert caller.request("GET", accounts).json()["thumbprint"] == new.thumbprint
    watcher.wait_until(lambda: watcher.closed_ids == [new.id, generation.id])
    assert {call.status for call in watcher.calls} == {200}


def test_a_refusal_of_what_was_accepted_once_is_an_answer(
    caller: Caller,
    generation: Generation,
    authority: Authority,
    store: GenerationStore,
    accounts: str,
    bank: Bank,
    watcher: Watcher,
) -> None:
    caller.request("GET", accounts)
    new = authority.publish(store)
    caller.request("GET", accounts)
    watcher.wait_until(lambda: watcher.swaps[-1] == (generation.id, new.id))
    assert caller.request("GET", accounts).json()["thumbprint"] == new.thumbprint

    bank.answers["/accounts"] = lambda _asked: invalid_token()
    assert caller.request("GET", accounts).status_code == 401
    assert watcher.swaps[-1] == (generation.id, new.id)


def invalid_token() -> Answer:
    return Answer(401, {"error": "invalid_token"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})


@pytest.mark.usefixtures("generation")
@pytest.mark.clause("RFC 6750 §3.1")
def test_a_token_that_the_api_calls_invalid_is_replaced_once(
    caller: Caller, accounts: str, bank: Bank, server: TLSServer
) -> None:
    caller.request("GET", accounts)
    bank.revoke_all_tokens()

    assert caller.request("GET", accounts).json()["token"] == "token-2"

    bank.answers["/accounts"] = lambda _asked: Answer(
        401, {"error": "invalid_token"}, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )
    before = server.count("/accounts")
    assert caller.request("GET", accounts).status_code == 401
    assert server.count("/accounts") == before + 2


@pytest.mark.usefixtures("generation")
def test_any_other_refusal_is_an_answer(caller: Caller, accounts: str, bank: Bank, server: TLSServer) -> None:
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    bank.answers["/accounts"] = lambda _asked: Answer(403, {"error": "insufficient_scope"}, challenge)

    assert caller.request("GET", accounts).status_code == 403
    assert server.count("/accounts") == 1


@pytest.mark.usefixtures("generation")
def test_a_payment_is_repeated_with_the_same_key(
    caller: Caller, server: TLSServer, bank: Bank, watcher: Watcher
) -> None:
    answers = iter([Answer(hang_up=True), Answer(503, {}), Answer(201, {"id": "1"})])
    bank.answers["/payments"] = lambda _asked: next(answers)

    response = caller.request(
        "POST", f"{server.origin}/payments", json={"amount": "1"}, headers={"Idempotency-Key": "k-1"}
    )

    assert response.status_code == 201
    sent = [asked for asked in server.asked if asked.path == "/payments"]
    assert [asked.headers["idempotency-key"] for asked in sent] == ["k-1"] * 3
    assert len({asked.body for asked in sent}) == 1
    assert len({asked.headers["x-fapi-interaction-id"] for asked in sent}) == 1
    assert watcher.calls[-1].attempts == 3


@pytest.mark.usefixtures("generation")
def test_a_post_without_a_key_is_not_repeated(
    caller: Caller, server: TLSServer, bank: Bank, watcher: Watcher
) -> None:
    bank.answers["/payments"] = lambda _asked: Answer(hang_up=True)

    with pytest.raises(ServerUnreachable, match="no answer from"):
        caller.request("POST", f"{server.origin}/payments", json={"amount": "1"})

    assert server.count("/payments") == 1
    assert watcher.calls[-1].error is not None


@pytest.mark.usefixtures("generation")
def test_a_refused_token_is_an_error_with_its_code(caller: Caller, accounts: str, bank: Bank) -> None:
    bank.answers["/token"] = lambda _asked: Answer(401, {"error": "invalid_client"})

    with pytest.raises(TokenRefused) as refused:
        caller.request("GET", accounts)
    assert refused.value.code == "invalid_client"


@pytest.mark.usefixtures("generation")
def test_another_issuer_is_not_believed(
    settings: CallerSettings,
    store: GenerationStore,
    accounts: str,
    bank: Bank,
    retries: Retries,
) -> None:
    bank.answers[METADATA] = lambda _asked: bank.metadata(issuer="https://evil.example")

    with Caller(store, settings, retries=retries) as caller, pytest.raises(MetadataInvalid):
        caller.request("GET", accounts)


@pytest.mark.usefixtures("generation")
def test_many_threads_begin_with_one_token(caller: Caller, accounts: str, server: TLSServer) -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(caller.request, "GET", accounts) for _ in range(20)]
        assert {answer.result(10).status_code for answer in answers} == {200}

    assert server.count("/token") == 1
    assert server.count(METADATA) == 1


def test_a_closed_caller_calls_no_more(
    settings: CallerSettings,
    store: GenerationStore,
    generation: Generation,
    accounts: str,
    retries: Retries,
    watcher: Watcher,
) -> None:
    caller = Caller(store, replace(settings), retries=retries, observer=watcher)
    caller.request("GET", accounts)
    caller.close()

    assert watcher.closed_ids == [generation.id]
    with pytest.raises(ServerUnreachable, match="closed"):
        caller.request("GET", accounts)


def test_a_token_that_is_being_renewed_when_the_caller_is_closed_closes_its_connections_itself(
    caller: Caller,
    generation: Generation,
    accounts: str,
    bank: Bank,
    clock: MovedClock,
    watcher: Watcher,
) -> None:
    bank.token_lifetime_seconds = 10
    caller.request("GET", accounts)
    asked_for, go_on = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Answer:
        asked_for.set()
        assert go_on.wait(10)
        return bank.token(asked)

    bank.answers["/token"] = slow
    clock.moved += timedelta(seconds=9)
    caller.request("GET", accounts)
    assert asked_for.wait(10)

    caller.close()
    assert watcher.closed_ids == []
    go_on.set()
    watcher.wait_until(lambda: watcher.closed_ids == [generation.id])
    assert [token for _, token in watcher.tokens] == ["token-1", "token-2"]
