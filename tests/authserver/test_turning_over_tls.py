"""The signing keys turn while tokens are issued and verified over real connections, and no call fails."""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import jwt
import pytest

from authserver.keys.phases import TurningPolicy
from authserver.keys.store import SigningKeyStore
from authserver.keys.turning import Turning
from operations.tasks.ledger import Ledger
from sender_constraint.certificates.renewal import utc_now
from sender_constraint.certificates.tls import client_context
from sender_constraint.resource_server.access_token import AccessTokenVerifier
from sender_constraint.resource_server.issuer_keys import IssuerKeys
from tests.authserver.conftest import PARTNER, PARTNER_SANS
from tests.authserver.running import RunningServer, issue_now, running
from tests.sender_constraint.pki import Issued
from tests.waiting import eventually

TURNS = 4
API = "https://localhost:8442"
BODY = b"grant_type=client_credentials&client_id=partner"
# A verifier that asks again twenty times in the time for which a key is published before it signs.
POLICY = TurningPolicy(lifetime_seconds=1.5, published_ahead_seconds=1.0)
REFRESH_SECONDS = 0.05


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    yield from running(tmp_path_factory.mktemp("turning"))


@pytest.fixture(scope="module")
def partner(server: RunningServer) -> Issued:
    return issue_now(server.scheme.issuing, subject=PARTNER, alternative_names=PARTNER_SANS)


@pytest.fixture
def verifiers(server: RunningServer) -> Iterator[list[AccessTokenVerifier]]:
    """Two APIs: one that knows the keys for long, one that asks for them all the time."""
    with httpx.Client(verify=client_context(server.trust_bundle), trust_env=False) as client:
        yield [
            AccessTokenVerifier(
                server.issuer,
                API,
                IssuerKeys(
                    server.issuer, client, fresh_seconds=fresh, refresh_interval_seconds=REFRESH_SECONDS
                ),
                utc_now,
            )
            for fresh in (300, REFRESH_SECONDS)
        ]


class Traffic:
    """Work that goes on beside the test, in threads, until it ends; what went wrong is kept."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.problems: list[BaseException] = []
        self.rounds: list[int] = []

    @contextlib.contextmanager
    def of(self, *works: Callable[[], object]) -> Iterator[None]:
        threads = [threading.Thread(target=self._repeat, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.done.set()
            for thread in threads:
                thread.join()

    def _repeat(self, work: Callable[[], object]) -> None:
        rounds = 0
        while not self.done.is_set():
            try:
                work()
                rounds += 1
            except BaseException as error:  # noqa: BLE001 - it is the test's to judge
                self.problems.append(error)
        self.rounds.append(rounds)


def test_no_call_fails_while_the_signing_keys_turn(
    server: RunningServer, partner: Issued, verifiers: list[AccessTokenVerifier], tmp_path: Path
) -> None:
    # Every token of the last turns must be good still: they live for five minutes.
    tokens: deque[str] = deque(maxlen=200)
    kids: list[str] = []
    store = SigningKeyStore(server.signing_keys)
    turning = Turning(store, POLICY, lambda: 300, utc_now)
    ledger = Ledger(tmp_path)

    def issue() -> None:
        answer = server.asks([partner], BODY)
        assert answer.status == 200, answer
        token = answer.body["access_token"]
        kids.append(jwt.get_unverified_header(token)["kid"])
        for verifier in verifiers:
            verifier.verify(token)  # at once: nobody has had time to learn a key after it signed
        tokens.append(token)

    def verify() -> None:
        for verifier in verifiers:
            for token in list(tokens)[::10]:
                verifier.verify(token)
        time.sleep(0.01)  # leaves the processor to the others

    def turn() -> None:
        with ledger.run("signing-keys", 0.1) as run:
            turning.look(run)
        time.sleep(0.05)  # as the schedule of a worker does

    traffic = Traffic()
    with traffic.of(issue, verify, turn):
        eventually(lambda: len(set(kids)) > TURNS or traffic.problems, "the keys turned", seconds=60)

    assert traffic.problems == []
    assert len(kids) > 5 * TURNS
    assert all(rounds > TURNS for rounds in traffic.rounds)
    for token in list(tokens):
        verifiers[0].verify(token)


def test_a_stolen_key_is_gone_with_one_command(
    server: RunningServer, partner: Issued, verifiers: list[AccessTokenVerifier]
) -> None:
    stolen = SigningKeyStore(server.signing_keys).kids()
    said = server.manage("rotate_signing_key", "--now").decode()
    assert all(f"removed key {kid}" in said for kid in stolen)

    token = server.asks([partner], BODY).body["access_token"]
    assert jwt.get_unverified_header(token)["kid"] not in stolen
    for verifier in verifiers:
        assert verifier.verify(token).subject == "partner"
    published = httpx.get(f"{server.issuer}/jwks", verify=client_context(server.trust_bundle)).json()["keys"]
    assert [key["kid"] for key in published] == [jwt.get_unverified_header(token)["kid"]]


def test_without_now_the_next_key_is_only_published(server: RunningServer) -> None:
    store = SigningKeyStore(server.signing_keys)
    signing = store.load().signing.kid
    assert "published key" in server.manage("rotate_signing_key").decode()
    assert store.load().signing.kid == signing
    assert len(store.kids()) == 2
    assert "published already" in server.manage("rotate_signing_key").decode()
