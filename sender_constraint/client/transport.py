"""Connections of one generation: every one of a pool is made with the same key and certificate, for life."""

from pathlib import Path

import httpx

from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.generations import Generation
from sender_constraint.certificates.tls import client_context
from sender_constraint.http.deadlines import client_with_deadlines

CONNECT_SECONDS = 5.0
WAIT_SECONDS = 10.0  # for each read, write, and free connection of the pool
IDLE_SECONDS = 15.0


def open_pool(
    generation: Generation | None,
    trust_bundle: Path,
    *,
    servers: ServerStatus | None = None,
    max_connections: int = 50,
) -> httpx.Client:
    """A pool of connections that present this generation's certificate, to servers under the trust bundle.

    generation: None for connections that present no certificate.

    servers: how their certificates are checked for revocation, at each request; without it they are not.
    It is this generation's alone and must be closed. No proxy, no redirect, no other settings are taken
    from the process's environment. Raises OSError if the generation's files are gone.
    """
    return client_with_deadlines(
        client_context(trust_bundle, generation, servers),
        timeout=httpx.Timeout(WAIT_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(
            max_connections=max_connections,
            max_keepalive_connections=max_connections,
            keepalive_expiry=IDLE_SECONDS,
        ),
    )
