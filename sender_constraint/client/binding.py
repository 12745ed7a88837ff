"""What belongs together: a generation, the connections made with it, keys, and the tokens bound to either.

A client that authenticates and binds its tokens by keys alone has no certificate, and no generation.
"""

import threading
from collections.abc import Callable
from datetime import datetime

import httpx

from sender_constraint.certificates.generations import Generation
from sender_constraint.client.signing import Signing
from sender_constraint.client.token_source import TokenSource


class Binding:
    """A generation, its pool and its token source, counted by the calls that are using it.

    signing: with what its requests are signed. version: tells whether any part of it has turned since.
    Once retired, it is closed by the last call that leaves it, or after that by the token that is still being
    renewed beside the calls: a pool forgets connections that are made while it closes. ``on_close`` is told
    then.
    """

    def __init__(
        self,
        generation: Generation | None,
        pool: httpx.Client,
        tokens: TokenSource,
        signing: Signing,
        version: tuple[str | None, ...],
        on_close: Callable[[Generation | None], None],
    ) -> None:
        self.generation = generation
        self.pool = pool
        self.tokens = tokens
        self.signing = signing
        self.version = version
        self._on_close = on_close
        self._lock = threading.Lock()
        self._calls = 0
        self._retired = False

    def is_expired(self, now: datetime) -> bool:
        """Whether its certificate has expired, if it has one. now: aware."""
        return self.generation is not None and self.generation.is_expired(now)

    def enter(self) -> bool:
        """Count a call in; False if it came too late, and the binding is retired."""
        with self._lock:
            if self._retired:
                return False
            self._calls += 1
            return True

    def leave(self) -> None:
        """Count a call out."""
        with self._lock:
            self._calls -= 1
            last = self._retired and self._calls == 0
        if last:
            self.tokens.afterwards(self._close)

    def retire(self) -> None:
        """Take no more calls; close when none is left. Once only."""
        with self._lock:
            self._retired = True
            idle = self._calls == 0
        if idle:
            self.tokens.afterwards(self._close)

    def _close(self) -> None:
        self.pool.close()
        self._on_close(self.generation)
