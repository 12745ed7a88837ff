"""The API without its authorization server, over real sockets: it goes on with fresh keys, and never guesses."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.calling import APICaller
from tests.e2e.minting import Mint
from tests.e2e.verdict import Verdict
from tests.sender_constraint.resource_server.tokens import sign
from workshop.environment.deployment import Deployment
from workshop.environment.health import answers
from workshop.environment.local import Environment
from workshop.environment.parties import REPOSITORY
from workshop.evidence import AuditReader
from workshop.wire import Exchange

ANSWERED = "api.call"
START_SECONDS = 30
ASKING_SECONDS = 15


@contextmanager
def bank_api(deployment: Deployment, audit: Path, **settings: str) -> Iterator[str]:
    """Another process of the bank's API with its state, but with these settings; yields its origin."""
    with free_port() as port:
        pass
    environment = {
        **os.environ,
        "STATE_DIR": str(deployment.states["bank_api"]),
        "AUDIT_DIR": str(audit),
        "BIND": f"127.0.0.1:{port}",
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "bank_api/gunicorn.conf.py", "bank_api.wsgi:application"]
    with (audit / "bank_api.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"https://localhost:{port}/health", deployment.trust_bundle):
            assert process.poll() is None, (audit / "bank_api.log").read_text()
            assert time.monotonic() < deadline, (audit / "bank_api.log").read_text()
            time.sleep(0.02)
        yield f"https://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def free_port() -> Iterator[int]:
    """A port on which nobody listens, and nobody else can while it is held."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_an_api_that_never_reached_its_issuer_says_when_to_come_back(
    api: APICaller, verdict: Verdict, deployment: Deployment, tmp_path: Path
) -> None:
    verdict.accepted(api.gets(), ANSWERED)
    with (
        free_port() as closed,
        bank_api(deployment, tmp_path, ISSUER=f"https://localhost:{closed}") as origin,
    ):
        exchange = api.but(url=origin).gets()
    event = Verdict(AuditReader({"bank_api": tmp_path})).problem(exchange, 503, "service.issuer-keys")
    assert int(exchange.headers["retry-after"]) >= 1
    assert "www-authenticate" not in exchange.headers
    assert f"https://localhost:{closed}" in event["detail"]["reason"]
    assert f"{closed}" not in exchange.body.decode()


@pytest.mark.clause("RFC 8414 §3")
def test_an_outage_of_the_issuer_is_not_noticed_while_its_keys_are_fresh(
    api: APICaller, mint: Mint, verdict: Verdict, environment: Environment
) -> None:
    signed_by_a_new_key = api.but(token=of_a_new_key(mint))
    verdict.accepted(api.gets(), ANSWERED)
    environment.stop_program("authserver")
    try:
        verdict.accepted(api.gets(), ANSWERED)
        # Whether the issuer has such a key cannot be said now.
        exchange = until(503, signed_by_a_new_key)
        verdict.problem(exchange, 503, "service.issuer-keys")
        assert int(exchange.headers["retry-after"]) >= 1
        verdict.accepted(api.gets(), ANSWERED)
    finally:
        environment.start_program("authserver")
    verdict.challenged(until(401, signed_by_a_new_key), 401, "invalid_token", "token.unknown-key")
    verdict.accepted(api.gets(), ANSWERED)


def of_a_new_key(mint: Mint) -> str:
    header = {"typ": "at+jwt", "alg": "ES256", "kid": "a-new-key"}
    return sign(mint.claims(b"any certificate"), header, mint.signing_key().private_key)


def until(status: int, caller: APICaller) -> Exchange:
    """The first call with this status: the API asks its issuer about unknown keys only every few seconds."""
    deadline = time.monotonic() + ASKING_SECONDS
    while (exchange := caller.gets()).status != status:
        assert time.monotonic() < deadline, exchange
        time.sleep(0.05)
    return exchange
