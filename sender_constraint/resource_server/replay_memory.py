"""The replay store in Redis: one for all processes and machines of a service.

RFC 9449 §11.1 (https://www.rfc-editor.org/rfc/rfc9449). One script, one round trip, atomic: it finds out
which epoch the server is in, and sets the key only if it is not there. A server that is full
(``noeviction``) refuses to record, and is then as good as down.

The epoch is kept in Redis, in a key of its own. The script compares it with the server that it runs on, and
begins a new epoch

- if there is none: the server started empty, or was flushed;
- if it names another run (``run_id``): a restart from a snapshot, which may be old, or another server;
- if it names another replication history (``master_replid``): a replica was promoted;
- if the number of evicted keys changed: any of them may have been ours;
- if the server's clock was set back: keys may have expired that are needed again.

What may have been used before the epoch began is UNKNOWN, unless it names the epoch's random identifier, as a
nonce does that was issued in this epoch. No process decides by what it remembers.

One clock decides, the server's (``TIME``), whatever the clocks of the callers are: what it finds outside of
its time is not accepted either, give or take CLOCK_SECONDS. So what is usable from t was not used before t
less CLOCK_SECONDS, and once its key has expired it is not accepted anyway. Keys are kept for STEP_SECONDS
more, so that no harm is done by a clock that is set back by less. An epoch begins at the latest of the
server's time, the caller's, and the last second that the epoch before it noted: a server may have started
with a slow clock.
"""

import contextlib
import math
import secrets
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sender_constraint.core.replay import OneTimeUse, ReplayMemoryUnavailable, Use

PREFIX = "replay:"
EPOCH = "replay-epoch"
WAIT_SECONDS = 1.0
MAX_CONNECTIONS = 64
CLOCK_SECONDS = 5.0
# More than a minute: the background task has the script look at the clock at least that often.
STEP_SECONDS = 65.0
NO_EVICTION = "noeviction"

# KEYS: what is used, the epoch. ARGV: a mark of this call; in milliseconds from when and until when it is
# usable (0 asks for the epoch alone), by how much the clock may step back, and the caller's clock; the epoch
# in which it was made.
# Answers: first, repeated, unknown, early or late; the epoch; by how many milliseconds it is early or late.
_SCRIPT = """
local function info(section, name)
    local found = string.match(redis.call('INFO', section), '\\n' .. name .. ':(%w+)')
    return found or error('INFO ' .. section .. ' does not say ' .. name)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local server = info('server', 'run_id') .. ' ' .. info('replication', 'master_replid')
    .. ' ' .. info('stats', 'evicted_keys')
local mark, usable, ends = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local step, caller, made_in = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local before, id, start, seen = string.match(redis.call('GET', KEYS[2]) or '', '^(.*) (%x+) (%d+) (%d+)$')
start, seen = tonumber(start or now), tonumber(seen or 0)
local lost = before ~= server or now < seen - step
if lost then id, start = mark, math.max(now, caller, seen + 1000) end
if lost or now - seen >= 1000 then
    redis.call('SET', KEYS[2], string.format('%s %s %.0f %.0f', server, id, start, now))
end

if ends == 0 then return {'asked', id, 0} end
local held = redis.call('GET', KEYS[1])
if held then return {held == mark and 'first' or 'repeated', id, 0} end
if now < usable then return {'early', id, usable - now} end
if now >= ends then return {'late', id, now - ends} end
if made_in ~= id and usable <= start then return {'unknown', id, 0} end
redis.call('SET', KEYS[1], mark, 'PX', ends - now + step)
return {'first', id, 0}
"""


class RedisReplayMemory:
    """A ReplayMemory, safe to share among threads and greenlets. Make one in each process, after it forked.

    url: as Celery takes it, with the password. An answer that takes longer than a second is not waited for.
    """

    def __init__(self, url: str) -> None:
        self._epoch = b""
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=WAIT_SECONDS,
            socket_timeout=WAIT_SECONDS,
            socket_connect_timeout=WAIT_SECONDS,
            # A connection that the server has closed since it was used last shows at its next use.
            retry=Retry(NoBackoff(), 1),
        )
        self._redis = redis.Redis(connection_pool=pool)
        self._script = self._redis.register_script(_SCRIPT)

    @property
    def epoch(self) -> bytes:
        """The epoch of the last answer, for nonces; it decides nothing. Empty before the first answer."""
        if not self._epoch:
            with contextlib.suppress(ReplayMemoryUnavailable):
                self._ask()
        return self._epoch

    def record(self, use: OneTimeUse) -> Use:
        """Record the use, for as long as any caller could accept it. Raises ReplayMemoryUnavailable."""
        said, off = self._ask(use)
        if said in ("early", "late"):
            raise ReplayMemoryUnavailable(f"by the clock of Redis it is {off / 1000:.1f} s too {said}")
        return Use(said)

    def inspect(self) -> str:
        """Begin the first epoch where there is none, and return the server's ``maxmemory-policy``.

        Raises ReplayMemoryUnavailable.
        """
        self._ask()
        try:
            return str(self._redis.info("memory").get("maxmemory_policy", "unknown"))
        except redis.RedisError as problem:
            raise ReplayMemoryUnavailable(f"{type(problem).__name__}: {problem}") from problem

    def _ask(self, use: OneTimeUse | None = None) -> tuple[str, int]:
        """What the script says, and by how many milliseconds it is early or late. use: None for the epoch."""
        # By this a call finds its own record, where the answer to it was lost and it is sent again.
        mark = secrets.token_hex(8)
        usable = (use.usable_from - CLOCK_SECONDS, use.usable_until + CLOCK_SECONDS) if use else (0.0, 0.0)
        milliseconds = (math.ceil(each * 1000) for each in (*usable, STEP_SECONDS, time.time()))
        arguments: list[str | int] = [mark, *milliseconds, use.epoch.hex() if use else ""]
        try:
            said, epoch, off = self._script(keys=[PREFIX + (use.key if use else ""), EPOCH], args=arguments)
        except redis.RedisError as problem:
            raise ReplayMemoryUnavailable(f"{type(problem).__name__}: {problem}") from problem
        self._epoch = bytes.fromhex(epoch.decode())
        return said.decode(), off
