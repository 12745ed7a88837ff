"""The replay store against Redis servers of its own, which lose what they hold. Two workers ask."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sender_constraint.core.replay import OneTimeUse, ReplayMemoryUnavailable, Use, replay_key
from sender_constraint.dpop.checks import MAX_AGE_SECONDS, MAX_FUTURE_SECONDS
from sender_constraint.resource_server.replay_memory import (
    CLOCK_SECONDS,
    EPOCH,
    PREFIX,
    STEP_SECONDS,
    RedisReplayMemory,
)
from tests.redis_server import RedisServer
from tests.waiting import eventually
from workshop.environment.ports import free_port

pytestmark = pytest.mark.clause("RFC 9449 §11.1")

WITHIN = ("time", "info", "get", "set")  # what the script calls


def proof(key: str, ahead: float = 0.0, epoch: bytes = b"") -> OneTimeUse:
    """The use of a proof that is dated so many seconds ahead."""
    made_at = time.time() + ahead
    return OneTimeUse(key, made_at - MAX_FUTURE_SECONDS, made_at + MAX_AGE_SECONDS, epoch)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(free_port(), tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def memory(server: RedisServer) -> RedisReplayMemory:
    return RedisReplayMemory(server.url)


@pytest.fixture
def other(server: RedisServer) -> RedisReplayMemory:
    """Of another worker, which has not asked yet."""
    return RedisReplayMemory(server.url)


def epoch_in(server: RedisServer) -> list[str]:
    """What is in Redis of it: run, history, evictions, identifier, begin and last look, in milliseconds."""
    kept = server.client.get(EPOCH)
    assert isinstance(kept, bytes)
    return kept.decode().split(" ")


def let_pass(server: RedisServer, seconds: float) -> None:
    """As if the epoch had begun so long ago."""
    *known, began, seen = epoch_in(server)
    server.client.set(EPOCH, " ".join([*known, str(int(began) - int(seconds * 1000)), seen]))


def settled(memory: RedisReplayMemory) -> bytes:
    """The epoch, once the store was asked."""
    assert memory.epoch
    return memory.epoch


def test_a_use_is_known_for_as_long_as_any_caller_could_accept_it(
    server: RedisServer, memory: RedisReplayMemory
) -> None:
    epoch = settled(memory)
    assert memory.record(proof("one", epoch=epoch)) is Use.FIRST
    assert memory.record(proof("one", epoch=epoch)) is Use.REPEATED
    assert memory.record(proof("two", epoch=epoch)) is Use.FIRST
    kept = (MAX_AGE_SECONDS + CLOCK_SECONDS + STEP_SECONDS) * 1000
    assert kept - 5000 < server.client.pttl(PREFIX + "one") <= kept
    assert server.client.pttl(EPOCH) == -1, "the epoch does not expire"


def test_of_many_at_once_one_is_the_first(memory: RedisReplayMemory, other: RedisReplayMemory) -> None:
    epoch, workers = settled(memory), [memory, other]
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda each: workers[each % 2].record(proof("raced", epoch=epoch)), range(200)))
    assert (told.count(Use.FIRST), told.count(Use.REPEATED)) == (1, 199)


def test_all_workers_are_in_one_epoch_which_lasts(
    memory: RedisReplayMemory, other: RedisReplayMemory
) -> None:
    began = settled(memory)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda each: other.record(proof(str(each))), range(100)))
    assert memory.record(proof("one", epoch=other.epoch)) is Use.FIRST
    assert began == memory.epoch == other.epoch


def test_what_could_not_be_accepted_before_the_epoch_needs_no_proof_of_it(
    server: RedisServer, memory: RedisReplayMemory
) -> None:
    settled(memory)
    window = MAX_FUTURE_SECONDS + CLOCK_SECONDS
    let_pass(server, window - 3)
    assert memory.record(proof("used before, perhaps")) is Use.UNKNOWN
    let_pass(server, 6)
    assert memory.record(proof("one")) is Use.FIRST
    assert memory.record(proof("one")) is Use.REPEATED
    assert memory.record(proof("older than the epoch", -10)) is Use.UNKNOWN


def restart(server: RedisServer) -> RedisServer:
    server.stop()
    server.start()
    return server


def kill(server: RedisServer) -> RedisServer:
    server.kill()
    server.start()
    return server


def flush_all(server: RedisServer) -> RedisServer:
    server.client.flushall()
    return server


def flush_database(server: RedisServer) -> RedisServer:
    server.client.flushdb()
    return server


def old_snapshot(server: RedisServer) -> RedisServer:
    """It comes back with the epoch, and without what was recorded since."""
    recorded = server.client.keys(f"{PREFIX}*")
    kept = {key: server.client.dump(key) for key in recorded}
    server.client.delete(*recorded)
    server.client.save()
    for key, value in kept.items():
        server.client.restore(key, 60_000, value or b"")
    assert server.client.exists(EPOCH)
    kill(server)
    assert server.client.exists(EPOCH), "the snapshot was loaded"
    assert not server.client.exists(*recorded)
    return server


def evicted(server: RedisServer) -> RedisServer:
    """It was told to evict, and had too little room: the epoch, which does not expire, is kept."""
    kept = server.client.dump(EPOCH)
    recorded = server.client.keys(f"{PREFIX}*")
    server.client.config_set("maxmemory-policy", "volatile-ttl")
    server.client.config_set("maxmemory", 1)
    eventually(lambda: not server.client.exists(*recorded), "the keys are evicted")
    server.client.config_set("maxmemory", 0)
    assert server.client.dump(EPOCH) == kept
    return server


def promoted_replica(server: RedisServer) -> RedisServer:
    """A replica that has the epoch and lacks what was recorded last; it is promoted, the server is gone."""
    replica = RedisServer(free_port(), server.folder / "replica")
    replica.start()
    replica.client.replicaof("127.0.0.1", (server.port))
    eventually(lambda: replica.client.exists(EPOCH), "the replica has a copy")
    with pytest.raises(ReplayMemoryUnavailable, match="read only"):
        RedisReplayMemory(replica.url).record(proof("at a replica"))
    replica.client.replicaof("NO", "ONE")
    assert replica.client.exists(EPOCH)
    replica.client.delete(*replica.client.keys(f"{PREFIX}*"))
    server.kill()
    return replica


def promoted_in_place(server: RedisServer) -> RedisServer:
    """The same run: it was a replica of another for a while, and is the primary again."""
    other = RedisServer(free_port(), server.folder / "replica")
    other.start()
    epoch = server.client.dump(EPOCH)
    other.client.restore(EPOCH, 0, epoch or b"")
    server.client.replicaof("127.0.0.1", (other.port))
    eventually(lambda: not server.client.keys(f"{PREFIX}*"), "it has what the other has")
    server.client.replicaof("NO", "ONE")
    other.stop()
    assert server.client.dump(EPOCH) == epoch
    return server


LOSSES = [
    restart,
    kill,
    flush_all,
    flush_database,
    old_snapshot,
    evicted,
    promoted_replica,
    promoted_in_place,
]


@pytest.mark.parametrize("loses", LOSSES, ids=lambda loses: str(loses.__name__))
@pytest.mark.parametrize("ahead", [-50, 0, MAX_FUTURE_SECONDS], ids=["old", "now", "ahead"])
def test_what_may_have_been_used_before_a_loss_is_not_accepted_by_any_worker(
    server: RedisServer,
    memory: RedisReplayMemory,
    loses: Callable[[RedisServer], RedisServer],
    ahead: float,
) -> None:
    before = settled(memory)
    used = proof("used", ahead, before)
    assert memory.record(used) is Use.FIRST
    after = loses(server)
    try:
        workers = [RedisReplayMemory(after.url), memory if after is server else RedisReplayMemory(after.url)]
        for worker in (*workers, *workers):
            assert worker.record(used) is Use.UNKNOWN
            assert worker.record(proof("used", ahead)) is Use.UNKNOWN
            assert worker.record(proof("fresh, without a proof of it", ahead, b"made up")) is Use.UNKNOWN
        assert workers[0].epoch == workers[1].epoch != before
        # What proves that it was made in this epoch is accepted, once.
        fresh = proof("fresh", ahead, workers[0].epoch)
        assert workers[1].record(fresh) is Use.FIRST
        assert [worker.record(fresh) for worker in workers] == [Use.REPEATED] * 2
        let_pass(after, 120)
        assert workers[0].record(proof("of later")) is Use.FIRST
    finally:
        after.stop()


def test_a_key_that_survived_is_still_used(server: RedisServer, memory: RedisReplayMemory) -> None:
    used = proof("used", epoch=settled(memory))
    assert memory.record(used) is Use.FIRST
    server.client.delete(EPOCH)
    assert memory.record(used) is Use.REPEATED


def test_while_redis_is_down_nothing_is_accepted_and_it_continues_by_itself(
    server: RedisServer, memory: RedisReplayMemory
) -> None:
    settled(memory)
    server.stop()
    with pytest.raises(ReplayMemoryUnavailable):
        memory.record(proof("one"))
    assert RedisReplayMemory(server.url).epoch == b""
    server.start()
    assert memory.record(proof("one", epoch=settled(memory))) is Use.UNKNOWN
    assert memory.record(proof("one", epoch=memory.epoch)) is Use.FIRST


@pytest.mark.parametrize("made", [-MAX_AGE_SECONDS - 3600, MAX_FUTURE_SECONDS + 3600])
def test_what_is_outside_of_its_time_by_the_clock_of_redis_is_not_accepted_whatever_the_caller_thinks(
    memory: RedisReplayMemory, made: float
) -> None:
    epoch = settled(memory)
    with pytest.raises(ReplayMemoryUnavailable, match=r"by the clock of Redis it is .* too (early|late)"):
        memory.record(proof("one", made, epoch))
    # A caller whose clock is half a minute wrong is served: nothing depends on it.
    for ahead in (-MAX_AGE_SECONDS - CLOCK_SECONDS + 2, MAX_FUTURE_SECONDS + CLOCK_SECONDS - 2):
        assert memory.record(proof(f"{ahead}", ahead, epoch)) is Use.FIRST


def test_an_epoch_does_not_begin_before_the_time_of_the_caller(
    memory: RedisReplayMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = time.time
    with monkeypatch.context() as slow:
        # To this caller, the server's clock is ten minutes slow.
        slow.setattr(time, "time", lambda: true() + 600)
        epoch = settled(memory)
    assert memory.record(proof("one", MAX_FUTURE_SECONDS)) is Use.UNKNOWN
    assert memory.record(proof("one", MAX_FUTURE_SECONDS, epoch)) is Use.FIRST


def test_where_the_servers_own_clock_was_set_back_an_epoch_begins_that_lasts(
    server: RedisServer, memory: RedisReplayMemory
) -> None:
    before = settled(memory)
    *run, identifier, _began, _seen = epoch_in(server)
    ahead = int(time.time() * 1000) + 3_600_000
    server.client.set(EPOCH, " ".join([*run, identifier, str(ahead), str(ahead)]))
    assert memory.record(proof("one", epoch=before)) is Use.UNKNOWN
    began = memory.epoch
    assert began != before
    # Until the clock is where it was, only a nonce proves anything; and the epoch is one and the same.
    assert memory.record(proof("one", MAX_FUTURE_SECONDS)) is Use.UNKNOWN
    assert memory.record(proof("one", epoch=began)) is Use.FIRST
    assert memory.epoch == began


@pytest.mark.parametrize("trouble", [("requirepass", "secret"), ("maxmemory", "1")])
def test_a_redis_that_records_nothing_is_as_good_as_down(
    server: RedisServer, memory: RedisReplayMemory, trouble: tuple[str, str]
) -> None:
    epoch = settled(memory)
    server.client.config_set(*trouble)
    server.client.close()
    with pytest.raises(ReplayMemoryUnavailable) as refused:
        RedisReplayMemory(server.url).record(proof("one", epoch=epoch))
    assert "refused" not in str(refused.value), "the server is there"


def test_the_policy_by_which_a_full_server_acts_can_be_asked_for(
    server: RedisServer, memory: RedisReplayMemory
) -> None:
    assert memory.inspect() == "noeviction"
    server.client.config_set("maxmemory-policy", "allkeys-lru")
    assert memory.inspect() == "allkeys-lru"
    assert server.client.exists(EPOCH), "the epoch has begun before the first use"
    server.stop()
    with pytest.raises(ReplayMemoryUnavailable):
        memory.inspect()


def test_a_use_costs_one_round_trip(server: RedisServer, memory: RedisReplayMemory) -> None:
    epoch = settled(memory)
    server.client.config_resetstat()
    for number in range(5):
        assert memory.record(proof(str(number), epoch=epoch)) is Use.FIRST
    sent = server.client.info("commandstats").keys() - {f"cmdstat_{each}" for each in WITHIN}
    # Resetting the statistics resets what was evicted, which is no loss here: nothing was.
    assert sent == {"cmdstat_evalsha", "cmdstat_config|resetstat"}
    assert server.client.info("commandstats")["cmdstat_evalsha"]["calls"] == 5


def test_keys_are_of_bounded_length_and_tell_their_parts_apart() -> None:
    assert replay_key("dpop", "a", "bc") != replay_key("dpop", "ab", "c")
    assert replay_key("dpop", "a") != replay_key("assertion", "a")
    assert len(replay_key("dpop", "x" * 10_000, "\ud800")) == len("dpop:") + 64
