"""The bank's Redis loses what it held, alone or together with the services; a thief kept what was used.

In an environment of its own, with a second worker of the API that has not asked Redis for anything.
"""

import itertools
import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import redis

from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.key_store import KeyStore
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.signing import SigningKeys
from sender_constraint.client.token_source import TokenRequest
from tests.e2e.faults.observing import alarm
from tests.e2e.registering import manage
from tests.e2e.second_service import SecondService, own_configuration
from tests.e2e.test_dpop import assertion_keys
from tests.waiting import eventually
from workshop.asserting import ASSERTION_TYPE, FORM
from workshop.calls import Call
from workshop.catalogue.dpop_api import presenting
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.loot import Cast
from workshop.narration import Narrator
from workshop.story.registration import BY_NAME, JSON, initial_access_token
from workshop.story.stage import Stage
from workshop.story.theft import the_theft
from workshop.wire import NO_CREDENTIALS, Exchange

LONG = 86400.0
HOUR = 3600
PATIENT = RetryPolicy(attempts=200, attempt_seconds=2.0, total_seconds=60.0, longest_pause_seconds=0.5)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    root = tmp_path_factory.mktemp("replay-store")
    with Environment(root, ports=Ports.free(), lifetime_seconds=HOUR, fresh=True) as running:
        yield running


def redis_of(deployment: Deployment) -> redis.Redis:
    """The API's database in the bank's Redis, as its operator sees it."""
    settings = (deployment.states["bank_api"] / "service.env").read_text().splitlines()
    connect: Any = redis.Redis.from_url  # without types
    found: redis.Redis = connect(next(each[10:] for each in settings if each.startswith("REDIS_URL=")))
    return found


@pytest.fixture(scope="module")
def place(bank: Environment, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(bank.deployment, Narrator(), tmp_path_factory.mktemp("stage"))


@pytest.fixture
def people(place: Stage) -> Cast:
    """With the nonces of the epoch that is now."""
    return the_theft(place)


@pytest.fixture
def store(bank: Environment) -> Iterator[redis.Redis]:
    store = redis_of(bank.deployment)
    yield store
    store.close()


@pytest.fixture
def second(bank: Environment, tmp_path: Path) -> Iterator[SecondService]:
    """Another worker of the API. It has not asked Redis for anything when a test begins."""
    service = SecondService.start(
        bank.deployment, "bank_api", own_configuration("bank_api"), {}, tmp_path / "bank_api.log"
    )
    try:
        service.wait_until_healthy(bank.deployment.trust_bundle)
        yield service
    finally:
        service.stop()


def killed(bank: Environment, *programs: str) -> None:
    """Kill them together; returns once all are back (kill -9; the supervisor starts them again)."""
    gone = {program: bank.kill(program) for program in programs}
    eventually(
        lambda: all(bank.process_ids().get(name, pid) != pid for name, pid in gone.items()), "they are back"
    )
    with redis_of(bank.deployment) as store:
        eventually(lambda: _answers(store), "Redis answers")
    bank.wait_until_healthy()


def _answers(store: redis.Redis) -> bool:
    try:
        return bool(store.ping())
    except redis.RedisError:
        return False


def only_redis(bank: Environment, _store: redis.Redis) -> None:
    killed(bank, "redis-bank")


def redis_and_the_api(bank: Environment, _store: redis.Redis) -> None:
    killed(bank, "redis-bank", "bank-api")


def stopped_and_started(bank: Environment, _store: redis.Redis) -> None:
    for program in ("bank-api", "redis-bank"):
        bank.stop_program(program)
    for program in ("redis-bank", "bank-api"):
        bank.start_program(program)
    bank.wait_until_healthy()


def flushed(_bank: Environment, store: redis.Redis) -> None:
    store.flushall()


def evicted(_bank: Environment, store: redis.Redis) -> None:
    recorded = store.keys("replay:*")
    store.config_set("maxmemory-policy", "volatile-ttl")
    store.config_set("maxmemory", 1)
    eventually(lambda: not store.exists(*recorded), "the keys are evicted")
    store.config_set("maxmemory", 0)
    store.config_set("maxmemory-policy", "noeviction")


LOSSES = [only_redis, redis_and_the_api, stopped_and_started, flushed, evicted]


@pytest.mark.clause("RFC 9449 §11.1")
@pytest.mark.parametrize("loses", LOSSES, ids=lambda loses: str(loses.__name__))
def test_a_used_proof_is_worth_nothing_after_redis_lost_what_it_held(
    bank: Environment,
    place: Stage,
    people: Cast,
    store: redis.Redis,
    second: SecondService,
    loses: Callable[[Environment, redis.Redis], None],
) -> None:
    holder, wire = people.holder, place.wire
    call = Call("GET", holder.url, None, NO_CREDENTIALS)
    now = int(datetime.now(UTC).timestamp())
    used = [holder.proof(), holder.proof(iat=now + 25)]
    for proof in used:
        assert presenting(call, holder.token, proof).send(wire).status == 200

    loses(bank, store)
    origins = (bank.deployment.api_url, second.origin)
    for proof, origin in itertools.product(used, origins):
        replayed = presenting(call.but(url=f"{origin}/accounts"), holder.token, proof).send(wire)
        assert (replayed.status, replayed.error) == (401, "use_dpop_nonce")
        assert place.audit.about(replayed).rule == "dpop.use-unknown"
        assert 'error="use_dpop_nonce"' in replayed.headers["www-authenticate"]

    # An honest client makes a new proof with the nonce of any worker, which is accepted by any, once.
    for giver, taker in itertools.product(origins, origins):
        asked = presenting(call.but(url=f"{giver}/accounts"), holder.token, holder.proof()).send(wire)
        fresh = holder.proof(nonce=asked.headers["dpop-nonce"])
        taken = presenting(call.but(url=f"{taker}/accounts"), holder.token, fresh)
        assert taken.send(wire).status == 200
        again = presenting(call.but(url=f"{giver}/accounts"), holder.token, fresh).send(wire)
        assert (again.status, again.error) == (401, "invalid_dpop_proof")
        assert place.audit.about(again).rule == "dpop.replayed"


@pytest.mark.clause("RFC 9449 §8")
def test_a_used_proof_is_worth_nothing_at_the_token_endpoint_either(
    bank: Environment, place: Stage, people: Cast
) -> None:
    client = people.signing.by_key
    first = client.token_call(bank.deployment.issuer, NO_CREDENTIALS)
    assert first.send(place.wire).status == 200
    killed(bank, "redis-bank", "authserver")

    assertion = client.assertion()
    with_used_proof = first.with_form(client_assertion=assertion)
    refused = with_used_proof.send(place.wire)
    assert (refused.status, refused.error) == (400, "use_dpop_nonce")
    assert place.audit.about(refused).rule == "dpop.use-unknown"
    # The assertion is not used up by that: the client sends it again, as libraries do.
    fresh = replace(client, nonce=refused.headers["dpop-nonce"]).proof()
    assert with_used_proof.with_header("DPoP", fresh).send(place.wire).status == 200


@pytest.mark.clause("RFC 7523 §3")
@pytest.mark.parametrize("dated", [True, False], ids=["with iat", "without iat"])
@pytest.mark.parametrize("together", [True, False], ids=["with the server", "Redis alone"])
def test_a_used_assertion_is_worth_nothing_for_the_hour_that_it_is_valid(
    bank: Environment, place: Stage, people: Cast, dated: bool, together: bool
) -> None:
    client = people.signing.by_key_bound_to_certificate
    now = int(datetime.now(UTC).timestamp())
    claims: dict[str, Any] = {"exp": now + HOUR - 10, **({} if dated else {"iat": None})}

    def presented(assertion: str) -> Exchange:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        headers, body = (("Content-Type", FORM),), urlencode(form).encode()
        url = f"{bank.deployment.issuer}/token"
        return Call("POST", url, None, people.partner.credentials, headers, body).send(place.wire)

    used = client.assertion(**claims)
    assert presented(used).status == 200
    killed(bank, "redis-bank", *(["authserver"] if together else []))
    replayed = presented(used)
    assert (replayed.status, replayed.error) == (401, "invalid_client")
    assert place.audit.about(replayed).rule == "assertion.replayed"
    assert presented(client.assertion(**claims)).status == 200


@pytest.mark.clause("RFC 7591 §3")
def test_an_initial_access_token_registers_one_client_whatever_redis_forgets(
    bank: Environment, place: Stage
) -> None:
    body = json.dumps(BY_NAME).encode()
    token = initial_access_token(bank.deployment)
    call = Call("POST", f"{bank.deployment.issuer}/register", token, NO_CREDENTIALS, (JSON,), body)
    assert call.send(place.wire).status == 201
    killed(bank, "redis-bank", "authserver")
    again = call.send(place.wire)
    assert (again.status, again.error) == (401, "invalid_token")
    assert place.audit.about(again).rule == "registration-endpoint.initial-token-used"
    another = call.but(token=initial_access_token(bank.deployment))
    assert another.send(place.wire).status == 201


@pytest.mark.clause("RFC 9449 §9")
@pytest.mark.parametrize("client_id", ["dpop-client", "jwt-client"])
def test_a_partner_with_dpop_notices_no_restart_of_redis(
    bank: Environment, tmp_path: Path, client_id: str
) -> None:
    deployment = bank.deployment
    keys = KeyStore(tmp_path / "dpop", LONG)
    keys.turn(datetime.now(UTC) - timedelta(seconds=1))
    assertion = assertion_keys(deployment, client_id, tmp_path) if client_id == "jwt-client" else None
    settings = CallerSettings(
        deployment.issuer,
        TokenRequest(client_id, "accounts", deployment.api_url),
        deployment.trust_bundle,
        keys=SigningKeys(dpop=keys, assertion=assertion),
    )
    certificates = GenerationStore(deployment.certificate_store("partner_client"))
    statuses: Counter[int] = Counter()
    over = threading.Event()

    def calls(_number: int) -> Counter[int]:
        """Each on behalf of a process of its own, so that tokens are asked for during the outage, too."""
        seen: Counter[int] = Counter()
        while not over.is_set():
            with Caller(certificates, settings, retries=Retries(PATIENT)) as partner:
                for _ in range(5):
                    seen[partner.request("GET", f"{deployment.api_url}/accounts").status_code] += 1
        return seen

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(calls, number) for number in range(4)]
        try:
            for _ in range(3):
                killed(bank, "redis-bank")
        finally:
            over.set()
        for each in running:
            statuses.update(each.result(90))
    assert statuses.keys() == {200}
    assert statuses[200] >= 20


def test_a_redis_that_evicts_raises_an_alarm_until_it_does_not(bank: Environment, store: redis.Redis) -> None:
    deployment = bank.deployment
    look = "from operations.tasks.replay_store import watch_replay_store as t; t.apply(throw=True)"

    def looked() -> None:
        manage(deployment, "bank_api", [sys.executable, "bank_api/manage.py", "shell", "--command", look])

    looked()
    assert alarm(deployment, "bank_api", "replay-store") == {}
    store.config_set("maxmemory-policy", "allkeys-lru")
    try:
        looked()
        assert alarm(deployment, "bank_api", "replay-store")["level"] == "warning"
        assert "allkeys-lru" in alarm(deployment, "bank_api", "replay-store")["message"]
    finally:
        store.config_set("maxmemory-policy", "noeviction")
    looked()
    assert alarm(deployment, "bank_api", "replay-store") == {}
