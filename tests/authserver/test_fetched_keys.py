"""RFC 7591 §2: keys and certificates that a client publishes at its ``jwks_uri``."""

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509

from authserver.client_authentication import tasks
from authserver.client_authentication.fetched_keys import FetchedKeys, trusting_client
from authserver.client_authentication.schedule import TASK
from authserver.clients.client_keys import MOST_KEYS
from authserver.clients.registered_client import RegisteredClient
from authserver.clients.registration import RegistrationPolicy, register
from authserver.issued_tokens.register import find
from operations.tasks.background import ledger
from sender_constraint.certificates.csr import private_key_pem
from sender_constraint.core.errors import TemporarilyUnavailable
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.asserting import JWKS, KEYS, METADATA, Asserting
from tests.authserver.caller import RESOURCE, Caller, Verdict
from tests.authserver.running import issue_now
from tests.authserver.test_rfc8705_self_signed import NEXT, OWN, STRANGERS, keys
from tests.sender_constraint.pki import SERVER, Issued, make_scheme
from tests.sender_constraint.tls_server import Answer, TLSServer
from tests.waiting import eventually

ADDRESS = "https://keys.example/jwks"
PROMISE_SECONDS = 5.0
POLICY = RegistrationPolicy(("accounts",), (RESOURCE,), demo=False, jwks_uri_hosts=("keys.example",))


@dataclass
class Publisher:
    """A client's web server."""

    answer: httpx.Response = field(default_factory=lambda: httpx.Response(200, json=JWKS))
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        return httpx.Response(
            self.answer.status_code, content=self.answer.content, headers=self.answer.headers
        )


BY_ADDRESS: dict[str, Any] = {
    **{name: value for name, value in METADATA.items() if value is not None and name != "jwks"},
    "jwks_uri": ADDRESS,
}


def client() -> RegisteredClient:
    return register(BY_ADDRESS, POLICY)


@dataclass
class Fetching:
    publisher: Publisher
    seconds: list[float]
    fetched: FetchedKeys


@pytest.fixture
def fetching(monkeypatch: pytest.MonkeyPatch) -> Fetching:
    publisher, seconds = Publisher(), [0.0]
    fetched = FetchedKeys(
        httpx.Client(transport=httpx.MockTransport(publisher)),
        ("keys.example",),
        PROMISE_SECONDS,
        lambda: seconds[0],
    )
    for module in ("fetched_keys", "tasks"):
        monkeypatch.setattr(f"authserver.client_authentication.{module}.own_fetched_keys", lambda: fetched)
    return Fetching(publisher, seconds, fetched)


def test_keys_are_fetched_once_for_many_requests(fetching: Fetching) -> None:
    assert [fetching.fetched.of(client()) for _ in range(3)] == [JWKS] * 3
    assert fetching.publisher.asked == [ADDRESS]


def test_a_new_key_counts_within_the_promise_and_nobody_waits_for_it(fetching: Fetching) -> None:
    assert fetching.fetched.of(client()) == JWKS
    turned = {"keys": JWKS["keys"][:1]}
    fetching.publisher.answer = httpx.Response(200, json=turned)
    fetching.seconds[0] += PROMISE_SECONDS / 2
    assert fetching.fetched.of(client()) == JWKS
    eventually(lambda: fetching.fetched.of(client()) == turned, lambda: "never", seconds=5)


def test_a_key_that_was_taken_away_stops_with_the_promise(fetching: Fetching) -> None:
    assert fetching.fetched.of(client()) == JWKS
    fetching.publisher.answer = httpx.Response(500)
    fetching.seconds[0] += PROMISE_SECONDS + 0.1
    with pytest.raises(TemporarilyUnavailable) as refused:
        fetching.fetched.of(client())
    assert refused.value.rule.identifier == "client.keys-away"


UNUSABLE: dict[str, Callable[[], httpx.Response]] = {
    "another status": lambda: httpx.Response(404, json=JWKS),
    "a redirection": lambda: httpx.Response(302, headers={"Location": "https://keys.example/other"}),
    "no JSON": lambda: httpx.Response(200, content=b"<html>"),
    "no object": lambda: httpx.Response(200, json=[]),
    "no keys": lambda: httpx.Response(200, json={}),
    "too many keys": lambda: httpx.Response(200, json={"keys": JWKS["keys"][:1] * (MOST_KEYS + 1)}),
    "a private key": lambda: httpx.Response(200, json={"keys": [{**jwk_of(KEYS["ES256"]), "d": "AA"}]}),
    "too much": lambda: httpx.Response(200, content=json.dumps({**JWKS, "x": "x" * 70_000})),
    "a name twice": lambda: httpx.Response(200, content=b'{"keys":[],"keys":[]}'),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE)
def test_what_is_no_key_set_is_not_used(fetching: Fetching, answer: Callable[[], httpx.Response]) -> None:
    fetching.publisher.answer = answer()
    with pytest.raises(TemporarilyUnavailable):
        fetching.fetched.of(client())
    assert fetching.publisher.asked == [ADDRESS]


def test_of_a_host_that_is_allowed_no_more_nothing_is_fetched(fetching: Fetching) -> None:
    transport = httpx.Client(transport=httpx.MockTransport(fetching.publisher))
    none = FetchedKeys(transport, (), PROMISE_SECONDS)
    with pytest.raises(TemporarilyUnavailable):
        none.of(client())
    assert not fetching.publisher.asked


def test_a_client_authenticates_by_keys_that_it_publishes(
    fetching: Fetching,
    registered: Callable[..., RegisteredClient],
    now: list[Any],  # noqa: ARG001 - a fixture used for its effect
    verdict: Verdict,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.authserver.conftest.POLICY", POLICY)
    here = {"resources": None, "default_resource": None, "scope": None}
    registered(**METADATA | {"jwks": None, "jwks_uri": ADDRESS} | here)
    verdict.accepted(Asserting(Caller("asserting", ())).asks())

    fetching.publisher.answer = httpx.Response(200, json=keys(OWN))
    own = {**METADATA, "token_endpoint_auth_method": "self_signed_tls_client_auth", **here}
    registered(**own | {"jwks": None, "jwks_uri": f"{ADDRESS}/own", "dpop_bound_access_tokens": None})
    verdict.accepted(Caller("asserting", (OWN.der,)).asks())


OWN_BY_ADDRESS = {
    **METADATA,
    "token_endpoint_auth_method": "self_signed_tls_client_auth",
    "resources": None,
    "default_resource": None,
    "scope": None,
    "jwks": None,
    "jwks_uri": ADDRESS,
    "dpop_bound_access_tokens": None,
}


@dataclass
class Publishing:
    """A client that publishes two certificates, and has a token that is bound to each."""

    fetching: Fetching
    tokens: dict[str, str]

    def publishes(self, *certificates: Issued) -> None:
        self.fetching.publisher.answer = httpx.Response(200, json=keys(*certificates))

    def living(self) -> set[str]:
        return {
            name for name, token in self.tokens.items() if (found := find(token)) and not found.revoked_at
        }


@pytest.fixture
def publishing(
    fetching: Fetching,
    registered: Callable[..., RegisteredClient],
    now: list[datetime],
    verdict: Verdict,
    monkeypatch: pytest.MonkeyPatch,
) -> Publishing:
    monkeypatch.setattr("tests.authserver.conftest.POLICY", POLICY)
    monkeypatch.setattr(tasks, "utc_now", lambda: now[0])
    registered(**OWN_BY_ADDRESS)
    publishing = Publishing(fetching, {})
    publishing.publishes(OWN, NEXT)
    for name, certificate in (("own", OWN), ("next", NEXT)):
        answer = verdict.accepted(Caller("asserting", (certificate.der,)).asks())
        publishing.tokens[name] = answer["access_token"]
    return publishing


@pytest.mark.clause("RFC 8705 §2.2.2")
def test_a_token_ends_with_its_certificate_at_the_address_though_nobody_asks_for_one(
    publishing: Publishing,
) -> None:
    tasks.follow_removed_certificates()
    assert publishing.living() == {"own", "next"}
    publishing.publishes(NEXT)
    tasks.follow_removed_certificates()
    assert publishing.living() == {"next"}
    tasks.follow_removed_certificates()
    assert publishing.living() == {"next"}
    assert [run.did for run in ledger().read(TASK).runs if run.did] == [
        (f"revoked 1 tokens of asserting, bound to {certificate_thumbprint(OWN.der)}",)
    ]


def test_who_publishes_no_certificate_any_more_has_taken_all_away(
    publishing: Publishing, verdict: Verdict
) -> None:
    publishing.publishes()
    tasks.follow_removed_certificates()
    assert publishing.living() == set()
    publishing.fetching.seconds[0] += PROMISE_SECONDS + 0.1
    verdict.refused(
        Caller("asserting", (OWN.der,)).asks(), 401, "invalid_client", "client.self-signed-certificate"
    )


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE)
def test_an_address_that_says_nothing_usable_takes_no_certificate_away(
    publishing: Publishing, answer: Callable[[], httpx.Response]
) -> None:
    publishing.fetching.publisher.answer = answer()
    tasks.follow_removed_certificates()
    assert publishing.living() == {"own", "next"}
    (last, *_) = ledger().read(TASK).runs
    assert last.error is not None
    assert last.error.startswith(f"the certificates of asserting at {ADDRESS}: FetchFailed: ")


def test_an_address_is_asked_only_while_tokens_live(publishing: Publishing, now: list[datetime]) -> None:
    now[0] += timedelta(days=1)
    asked = len(publishing.fetching.publisher.asked)
    tasks.follow_removed_certificates()
    assert len(publishing.fetching.publisher.asked) == asked


def test_tokens_that_are_bound_to_a_dpop_key_do_not_end_with_a_certificate(
    publishing: Publishing, registered: Callable[..., RegisteredClient]
) -> None:
    registered(**OWN_BY_ADDRESS | {"dpop_bound_access_tokens": True})
    publishing.publishes(STRANGERS)
    tasks.follow_removed_certificates()
    assert publishing.living() == {"own", "next"}


def test_a_token_ends_that_was_about_to_be_issued_when_its_certificate_was_taken_from_jwks(
    publishing: Publishing, registered: Callable[..., RegisteredClient]
) -> None:
    registered(**OWN_BY_ADDRESS | {"jwks": keys(NEXT), "jwks_uri": None})
    asked = len(publishing.fetching.publisher.asked)
    tasks.follow_removed_certificates()
    assert publishing.living() == {"next"}
    assert len(publishing.fetching.publisher.asked) == asked


@pytest.mark.clause("RFC 7591 §5")
@pytest.mark.parametrize("trusted", [True, False], ids=["of the scheme", "of a stranger"])
def test_over_tls_a_server_is_asked_that_shows_a_certificate_for_its_name(
    tmp_path: Path, settings: Any, trusted: bool
) -> None:
    scheme, stranger = make_scheme(), make_scheme("Stranger")
    issuer = scheme if trusted else stranger
    shown = issue_now(issuer.issuing, usages=SERVER, alternative_names=(x509.DNSName("localhost"),))
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_bytes(shown.pem + issuer.issuing.pem)
    key.write_bytes(private_key_pem(shown.key))
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": tmp_path / "bundle.pem"}
    settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].write_bytes(scheme.root.pem + scheme.issuing.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with TLSServer(context, lambda _: Answer(content=JWKS)) as server, trusting_client() as caller:
        host = server.origin.removeprefix("https://")
        policy = RegistrationPolicy(("accounts",), (RESOURCE,), demo=False, jwks_uri_hosts=(host,))
        metadata = {**BY_ADDRESS, "jwks_uri": f"{server.origin}/jwks"}
        fetched = FetchedKeys(caller, (host,), PROMISE_SECONDS)
        if trusted:
            assert fetched.of(register(metadata, policy)) == JWKS
        else:
            with pytest.raises(TemporarilyUnavailable):
                fetched.of(register(metadata, policy))
            assert not server.asked
