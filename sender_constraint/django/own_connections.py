"""Connections on which a Django service presents its own client certificate, whichever is the current one.

A pool belongs to one generation for life (``client.transport``). When the certificate has turned, the next
call opens a new pool; the one before stays open until the next turn, for the calls that are in flight on it.
"""

import threading
from pathlib import Path

import httpx

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.transport import open_pool


class OwnConnections:
    """The pools of one store of client certificates. Safe among threads and greenlets.

    servers: how the certificates of those who are called are checked for revocation.
    """

    def __init__(self, store: GenerationStore, trust_bundle: Path, servers: ServerStatus | None) -> None:
        self._store = store
        self._trust_bundle = trust_bundle
        self._servers = servers
        self._lock = threading.Lock()
        self._of: str | None = None
        self._pools: list[httpx.Client] = []

    def client(self) -> httpx.Client:
        """The pool of the current generation. Raises CertificatesError or OSError where there is none."""
        current = self._store.current_id()
        with self._lock:
            if not self._pools or current != self._of:
                generation = self._store.current()
                self._pools.append(open_pool(generation, self._trust_bundle, servers=self._servers))
                self._of = current
                for outdated in self._pools[:-2]:
                    outdated.close()
                self._pools = self._pools[-2:]
            return self._pools[-1]

    def close(self) -> None:
        """Close all of them; the next call opens a new one."""
        with self._lock:
            for pool in self._pools:
                pool.close()
            self._pools.clear()
