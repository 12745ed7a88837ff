"""A client withdraws a certificate at its jwks_uri: how many seconds its tokens are accepted after that.

Another client publishes what is bad in each way meanwhile, and its tokens are looked at first.
"""

import base64
import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from operations.tasks.ledger import Ledger
from sender_constraint.jose.jwk import jwk_of
from tests.e2e.calling import APICaller, TokenCaller
from tests.e2e.minting import Mint
from tests.e2e.registering import manage
from tests.sender_constraint.odd_der import odd
from tests.sender_constraint.pki import SERVER, Issued
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer
from tests.waiting import eventually
from workshop.environment.local import Environment
from workshop.environment.parties import Parties
from workshop.environment.ports import Ports, free_port
from workshop.narration import Narrator
from workshop.story.revoked_token import PROMISE_SECONDS
from workshop.story.stage import Stage

SLACK_SECONDS = 1.0
LIFETIME_SECONDS = 3600
BAD, GOOD = "a-bad-client", "good-client"
SLOW_SECONDS = 30.0
TASK, ITEM_FAILED = "removed-certificates", "task.item-failed"


def keys(*certificates: Issued) -> dict[str, Any]:
    return {
        "keys": [{**jwk_of(each.key), "x5c": [base64.b64encode(each.der).decode()]} for each in certificates]
    }


@dataclass
class Publisher:
    """The web server of both clients. answers: by path."""

    port: int
    answers: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)

    def __call__(self, asked: Asked) -> Answer:
        return self.answers[asked.path]()

    def publishes(self, client_id: str, *certificates: Issued) -> None:
        content = keys(*certificates)
        self.answers[f"/{client_id}"] = lambda: Answer(content=content)

    def address(self, client_id: str) -> str:
        return f"https://localhost:{self.port}/{client_id}"


@pytest.fixture(scope="module")
def publisher() -> Publisher:
    return Publisher(free_port())


@pytest.fixture(scope="module")
def publishing(publisher: Publisher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """An environment whose authorization server fetches keys from the publisher."""
    own = Parties._own_settings
    root = tmp_path_factory.mktemp("publishing")

    def settings(parties: Parties, service: str) -> dict[str, str]:
        hosts = {"JWKS_URI_HOSTS": f"localhost:{publisher.port}"} if service == "authserver" else {}
        return own(parties, service) | hosts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parties, "_own_settings", settings)
        with Environment(root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True) as running:
            yield running


@dataclass
class Clients:
    """Both clients, with what each of them calls."""

    stage: Stage
    mint: Mint
    publisher: Publisher

    def token(self, client_id: str, own: Issued) -> APICaller:
        """A caller of the API with a token that is bound to this certificate of the client's own."""
        credentials = self.mint.credentials(own)
        deployment = self.stage.deployment
        caller = TokenCaller(self.stage.wire, f"{deployment.issuer}/token", credentials, client_id)

        def issued() -> str | None:
            # What was published a moment ago counts within the promise.
            token: str | None = caller.asks().json().get("access_token")
            return token

        token = eventually(issued, lambda: caller.asks().body, seconds=4 * PROMISE_SECONDS)
        return APICaller(self.stage.wire, deployment.api_url, credentials, token)

    def own_certificate(self, client_id: str) -> Issued:
        return self.mint.certificate_by(
            None, subject=x509.Name.from_rfc4514_string(f"CN={client_id}"), alternative_names=()
        )


@pytest.fixture(scope="module")
def clients(
    publishing: Environment, publisher: Publisher, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clients]:
    folder = tmp_path_factory.mktemp("clients")
    deployment = publishing.deployment
    mint = Mint(deployment, folder)
    names = (x509.DNSName("localhost"),)
    server = mint.certificate(usages=SERVER, alternative_names=names)
    credentials = mint.credentials(server, mint.scheme.issuing)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(str(credentials.certificate), str(credentials.private_key))
    for client_id in (BAD, GOOD):
        _register(publishing, folder, client_id, publisher.address(client_id))
    with TLSServer(context, publisher, publisher.port):
        yield Clients(Stage(deployment, Narrator(), folder), mint, publisher)
        publisher.released.set()


def _register(environment: Environment, folder: Path, client_id: str, address: str) -> None:
    metadata = {
        "client_id": client_id,
        "token_endpoint_auth_method": "self_signed_tls_client_auth",
        "tls_client_certificate_bound_access_tokens": True,
        "grant_types": ["client_credentials"],
        "jwks_uri": address,
    }
    file = folder / f"{client_id}.json"
    file.write_text(json.dumps(metadata))
    manage(
        environment.deployment,
        "authserver",
        [sys.executable, "authserver/manage.py", "register_client", str(file)],
    )


def unreadable(name: str) -> Callable[[Clients], Answer]:
    def answer(clients: Clients) -> Answer:
        own = clients.own_certificate(BAD)
        return Answer(content=keys(odd(name, own, own)))

    return answer


def mute(clients: Clients) -> Answer:
    clients.publisher.released.wait(SLOW_SECONDS)
    return Answer(content={"keys": []})


def dripping(clients: Clients) -> Answer:
    def drops() -> Iterator[bytes]:
        yield b'{"keys": ['
        while not clients.publisher.released.wait(0.2):
            yield b" "

    return Answer(parts=drops())


BAD_ANSWERS: dict[str, Callable[[Clients], Answer]] = {
    "TLS feature 99": unreadable("TLS feature 99"),
    "a certificate of the year 0": unreadable("notBefore in the year 0"),
    "no JSON": lambda _: Answer(content=b"<html>"),
    "a redirection": lambda clients: Answer(302, headers={"Location": clients.publisher.address(GOOD)}),
    "ten megabytes": lambda _: Answer(content=b" " * 10_000_000),
    "no answer": mute,
    "a byte now and then": dripping,
}


@pytest.mark.clause("RFC 8705 §2.2.2")
@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_a_withdrawn_certificates_token_is_refused_in_time_though_another_client_publishes_badly(
    clients: Clients, answer: Callable[[Clients], Answer], request: pytest.FixtureRequest
) -> None:
    publisher = clients.publisher
    publisher.released.clear()
    request.addfinalizer(publisher.released.set)
    bads, goods, next_one = (clients.own_certificate(each) for each in (BAD, GOOD, GOOD))
    publisher.publishes(BAD, bads)
    publisher.publishes(GOOD, goods, next_one)
    bad, good = clients.token(BAD, bads), clients.token(GOOD, goods)
    assert (bad.gets().status, good.gets().status) == (200, 200)

    publisher.answers[f"/{BAD}"] = lambda: answer(clients)
    changed_at = datetime.now(UTC)
    eventually(lambda: _failed_since(clients, changed_at), "a run that fails for the other client")
    publisher.publishes(GOOD, next_one)
    withdrawn_at = time.monotonic()
    refused = eventually(
        lambda: exchange if (exchange := good.gets()).status != 200 else None,
        "the token is refused",
        seconds=6 * PROMISE_SECONDS,
    )
    seconds = time.monotonic() - withdrawn_at
    print(f"\nrefused {seconds:.2f} s after its certificate was withdrawn")
    assert (refused.status, refused.error) == (401, "invalid_token")
    assert clients.stage.audit.about(refused).rule == "token.revoked"
    assert seconds <= PROMISE_SECONDS + SLACK_SECONDS
    # The other client's tokens are as they were, and the failure is in the audit trail.
    assert bad.gets().status == 200
    trail = clients.stage.deployment.audit_file("authserver").read_text().splitlines()
    failures = [json.loads(line)["detail"] for line in trail if ITEM_FAILED in line]
    item = f"the certificates of {BAD} at {publisher.address(BAD)}"
    assert {"task": TASK, "item": item} in failures


def _failed_since(clients: Clients, time: datetime) -> bool:
    runs = Ledger(clients.stage.deployment.states["authserver"] / "background").read(TASK).runs
    return any(run.started > time and BAD in (run.error or "") for run in runs)
