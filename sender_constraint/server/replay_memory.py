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

Times are the server's (``TIME``). A caller whose clock differs by more than CLOCK_SECONDS is refused. So what
was usable from t, by any caller's clock, was not used before t less CLOCK_SECONDS by the server's;
MARGIN_SECONDS is twice that, since a promoted replica has a clock of its own.
"""

import contextlib
import math
import secrets
import time
from collections.abc import Callable

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sender_constraint.replay import OneTimeUse, ReplayMemoryUnavailable, Use

PREFIX = "replay:"
EPOCH = "replay-epoch"
WAIT_SECONDS = 1.0
MAX_CONNECTIONS = 64
CLOCK_SECONDS = 5.0
MARGIN_SECONDS = 2 * CLOCK_SECONDS
NO_EVICTION = "noeviction"

# KEYS: what is used, the epoch. ARGV: a mark of this call; in milliseconds the caller's clock, from when it
# was usable, how long to keep it (0 asks for the epoch alone), and by how much clocks may differ; the epoch
# in which it was made. Answers: first, repeated, unknown or clock; the epoch; the difference in milliseconds.
_SCRIPT = """
local function info(section, name)
    local found = string.match(redis.call('INFO', section), '\\n' .. name .. ':(%w+)')
    return found or error('INFO ' .. section .. ' does not say ' .. name)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local server = info('server', 'run_id') .. ' ' .. info('replication', 'master_replid')
    .. ' ' .. info('stats', 'evicted_keys')
local mark, caller, usable = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local kept, leeway, made_in = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]

local before, id, start, seen = string.match(redis.call('GET', KEYS[2]) or '', '^(.*) (%x+) (%d+) (%d+)$')
start, seen = tonumber(start or now), tonumber(seen or 0)
local lost = before ~= server or now < seen - leeway
if lost then id, start = mark, math.max(now, seen) end
if lost or now - seen >= 1000 then
    redis.call('SET', KEYS[2], string.format('%s %s %.0f %.0f', server, id, start, now))
end

local off = caller - now
if kept == 0 then return {'asked', id, off} end
if math.abs(off) > leeway then return {'clock', id, off} end
local held = redis.call('GET', KEYS[1])
if held then return {held == mark and 'first' or 'repeated', id, off} end
if made_in ~= id and usable - 2 * leeway <= start then return {'unknown', id, off} end
redis.call('SET', KEYS[1], mark, 'PX', kept)
return {'first', id, off}
"""


class RedisReplayMemory:
    """A ReplayMemory, safe to share among threads and greenlets. Make one in each process, after it forked.

    url: as Celery takes it, with the password. An answer that takes longer than a second is not waited for.
    clock: seconds since 1970.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
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
        """The epoch of the last answer, for nonces; it decides nothing. Empty if Redis never answered."""
        if not self._epoch:
            with contextlib.suppress(ReplayMemoryUnavailable):
                self._ask()
        return self._epoch

    def record(self, use: OneTimeUse) -> Use:
        """Record the use, for as long as any caller could accept it. Raises ReplayMemoryUnavailable."""
        said, off = self._ask(use)
        if said == "clock":
            raise ReplayMemoryUnavailable(
                f"the clock here is {off / 1000:+.1f} s off that of Redis; {CLOCK_SECONDS:.0f} s are tolerated"
            )
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
        """What the script says, and the difference of the clocks in milliseconds. use: None for the epoch."""
        # By this a call finds its own record, where the answer to it was lost and it is sent again.
        mark = secrets.token_hex(8)
        # Read here, and not when the request arrived: a busy process is not one with a wrong clock.
        now = self._clock()
        usable_from = use.usable_from if use else 0.0
        kept = max(use.usable_until - now, 0.0) + MARGIN_SECONDS if use else 0.0
        milliseconds = (math.ceil(each * 1000) for each in (now, usable_from, kept, CLOCK_SECONDS))
        arguments: list[str | int] = [mark, *milliseconds, use.epoch.hex() if use else ""]
        try:
            said, epoch, off = self._script(keys=[PREFIX + (use.key if use else ""), EPOCH], args=arguments)
        except redis.RedisError as problem:
            raise ReplayMemoryUnavailable(f"{type(problem).__name__}: {problem}") from problem
        self._epoch = bytes.fromhex(epoch.decode())
        return said.decode(), off
