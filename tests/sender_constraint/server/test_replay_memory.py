"""The replay memory against a Redis server of its own, which comes and goes."""

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from sender_constraint.replay import ReplayMemoryUnavailable, replay_key
from sender_constraint.server.replay_memory import PREFIX, RedisReplayMemory
from tests.waiting import eventually
from workshop.environment.ports import free_port
from workshop.environment.programs import redis_server

pytestmark = pytest.mark.clause("RFC 9449 §11.1")


@contextmanager
def running(port: int, folder: Path, *more: str) -> Iterator[redis.Redis]:
    command = [redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    log = (folder / "redis.log").open("ab")
    server = subprocess.Popen([*command, *more], stdout=log, stderr=log)
    client = redis.Redis(port=port)
    try:
        eventually(lambda: _answers(client), "Redis answers")
        yield client
    finally:
        client.close()
        server.terminate()
        server.wait(10)
        log.close()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def memory(port: int) -> RedisReplayMemory:
    return RedisReplayMemory(f"redis://127.0.0.1:{port}/0")


@pytest.fixture
def server(port: int, tmp_path: Path) -> Iterator[redis.Redis]:
    with running(port, tmp_path) as client:
        yield client


def test_what_is_shown_twice_is_known_until_its_time_is_over(
    server: redis.Redis, memory: RedisReplayMemory
) -> None:
    assert memory.first_time("one", 61.5)
    assert not memory.first_time("one", 61.5)
    assert memory.first_time("two", 0.05)
    assert 60_000 < server.pttl(PREFIX + "one") <= 61_500
    eventually(lambda: not server.exists(PREFIX + "two"), "Redis forgets by itself")
    assert memory.first_time("two", 1)


def test_of_many_who_show_the_same_at_once_one_is_the_first(
    server: redis.Redis, port: int, memory: RedisReplayMemory
) -> None:
    del server
    others = [memory, RedisReplayMemory(f"redis://127.0.0.1:{port}/0")]
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda number: others[number % 2].first_time("raced", 60), range(200)))
    assert told.count(True) == 1


def test_while_redis_is_away_nothing_is_said_and_it_goes_on_when_redis_is_back(
    port: int, memory: RedisReplayMemory, tmp_path: Path
) -> None:
    with pytest.raises(ReplayMemoryUnavailable):
        memory.first_time("one", 60)
    with running(port, tmp_path):
        assert memory.first_time("one", 60)
    with pytest.raises(ReplayMemoryUnavailable):
        memory.first_time("two", 60)
    with running(port, tmp_path):
        assert memory.first_time("two", 60)


def test_of_what_is_older_than_a_redis_that_started_anew_nothing_is_said(port: int, tmp_path: Path) -> None:
    now = 1_000_000.75
    memory = RedisReplayMemory(f"redis://127.0.0.1:{port}/0", clock=lambda: now)
    with running(port, tmp_path):
        assert memory.first_time("shown", 60, now - 10)
        assert not memory.first_time("shown", 60, now - 10)
    with running(port, tmp_path):
        with pytest.raises(ReplayMemoryUnavailable, match="anew"):
            memory.first_time("shown", 60, now - 10)
        assert memory.first_time("fresh", 60, 1_000_000)
        assert memory.first_time("of no known age", 60)
        now += 5
        assert not memory.first_time("fresh", 60, 1_000_000)
        assert memory.first_time("fresher", 60, now)


@pytest.mark.parametrize("trouble", [("--requirepass", "secret"), ("--maxmemory", "1")])
def test_a_redis_that_remembers_nothing_is_as_good_as_away(
    port: int, memory: RedisReplayMemory, tmp_path: Path, trouble: tuple[str, str]
) -> None:
    log = (tmp_path / "redis.log").open("ab")
    command = [redis_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", *trouble]
    server = subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path)
    try:
        eventually(lambda: _reason(lambda: memory.first_time("one", 60)), "Redis refuses")
    finally:
        server.terminate()
        server.wait(10)
        log.close()


def _reason(attempt: Callable[[], bool]) -> str | None:
    """Why it was not remembered, once that is not the connection: the server is there then."""
    try:
        raise AssertionError(f"it was remembered: {attempt()}")
    except ReplayMemoryUnavailable as unavailable:
        return None if "Connection refused" in str(unavailable) else str(unavailable)


def test_keys_are_of_bounded_length_and_tell_their_parts_apart() -> None:
    assert replay_key("dpop", "a", "bc") != replay_key("dpop", "ab", "c")
    assert replay_key("dpop", "a") != replay_key("assertion", "a")
    assert len(replay_key("dpop", "x" * 10_000, "\ud800")) == len("dpop:") + 64
