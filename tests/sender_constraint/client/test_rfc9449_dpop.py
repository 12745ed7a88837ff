"""A client's proofs: what they say, whose nonces they carry, and calls that go on while keys turn."""

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.client.assertions import ASSERTION_TYPE, ClientAssertions
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.dpop import DpopAuth, DpopProofs, NonceBook
from sender_constraint.client.errors import NoClientKey, TokenUnusable
from sender_constraint.client.key_store import KeyStore
from sender_constraint.client.retries import Retries
from sender_constraint.client.signing import SigningKeys
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.core.errors import Refusal
from sender_constraint.dpop.proof import VerifiedProof, verify_proof
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import public_jwk
from tests.sender_constraint.authority import Authority
from tests.sender_constraint.client.bank import Bank
from tests.sender_constraint.client.test_caller import Watcher
from tests.sender_constraint.dpop.proofs import KEYS, NONCES, Memory
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

API = "https://api.example/accounts"
TOKEN = "an-access.token~1"  # made up
CHALLENGE = {"WWW-Authenticate": 'DPoP error="use_dpop_nonce", algs="ES256"'}


class Api:
    """Verifies proofs as a server does, and says what ``answers`` say, first to last."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.memory = Memory()
        self.proofs: list[VerifiedProof] = []
        self.token: str | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers.get("authorization", "").removeprefix("DPoP ") or None
        self.proofs.append(
            verify_proof(
                request.headers.get_list("dpop"),
                request.method,
                str(request.url),
                now=datetime.now(UTC),
                nonces=NONCES,
                nonce_required=False,
                replay=self.memory,
                access_token=token,
            )
        )
        self.token = token
        return self.answers.pop(0) if self.answers else httpx.Response(200)

    def nonces(self) -> list[str | None]:
        return [proof.nonce for proof in self.proofs]


def call(api: Api, auth: DpopAuth, url: str = API, method: str = "GET") -> httpx.Response:
    with httpx.Client(transport=httpx.MockTransport(api)) as client:
        return client.request(method, url, auth=auth)


@pytest.fixture
def proofs() -> DpopProofs:
    return DpopProofs(KEYS["ES256"])


@pytest.mark.clause("RFC 9449 §7.1")
@pytest.mark.parametrize("algorithm", jws.ALGORITHMS)
def test_each_request_has_a_proof_of_its_own_for_method_address_and_token(algorithm: str) -> None:
    api, auth = Api(), DpopAuth(DpopProofs(KEYS[algorithm]), TOKEN)
    for url in (API, f"{API}?page=2#end", "https://API.example:443/a%2fb"):
        assert call(api, auth, url, "POST").status_code == 200
    assert api.token == TOKEN
    assert len({proof.identifier for proof in api.proofs}) == 3
    assert {proof.algorithm for proof in api.proofs} == {algorithm}


@pytest.mark.clause("RFC 9449 §9")
def test_a_nonce_that_an_api_asks_for_is_taken_and_the_request_repeated_twice_at_most(
    proofs: DpopProofs,
) -> None:
    api = Api(httpx.Response(401, headers={**CHALLENGE, "DPoP-Nonce": "one"}))
    assert call(api, DpopAuth(proofs, TOKEN)).status_code == 200
    assert api.nonces() == [None, "one"]
    assert api.proofs[0].identifier != api.proofs[1].identifier

    offered = ("two", "three", "four")
    never = Api(*(httpx.Response(401, headers={**CHALLENGE, "DPoP-Nonce": each}) for each in offered))
    assert call(never, DpopAuth(proofs, TOKEN)).status_code == 401
    assert never.nonces() == ["one", "two", "three"]
    # What the failed repetition brought is not lost.
    assert call(never, DpopAuth(proofs, TOKEN)).status_code == 200
    assert never.nonces()[-1] == "four"


@pytest.mark.clause("RFC 9449 §8")
def test_a_token_endpoint_asks_for_a_nonce_in_its_body_alone(proofs: DpopProofs) -> None:
    body = {"error": "use_dpop_nonce", "error_description": "with a nonce"}
    api = Api(httpx.Response(400, json=body, headers={"DPoP-Nonce": "one"}))
    assert call(api, DpopAuth(proofs), "https://as.example/token", "POST").status_code == 200
    assert api.nonces() == [None, "one"]


@pytest.mark.clause("RFC 9449 §8.2")
def test_a_nonce_beside_a_good_answer_is_for_the_next_request_to_that_origin_alone(
    proofs: DpopProofs,
) -> None:
    api = Api(httpx.Response(200, headers={"DPoP-Nonce": "one"}))
    for url in (
        API,
        API,
        "https://other.example/accounts",
        "https://api.example:8443/",
        "https://API.example/",
    ):
        call(api, DpopAuth(proofs, TOKEN), url)
    assert api.nonces() == [None, "one", None, None, "one"]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(401, headers={"WWW-Authenticate": 'DPoP error="invalid_token"', "DPoP-Nonce": "one"}),
        httpx.Response(401, headers=CHALLENGE),
        httpx.Response(400, json={"error": "invalid_client"}, headers={"DPoP-Nonce": "one"}),
        httpx.Response(400, content=b"[", headers={"DPoP-Nonce": "one"}),
        httpx.Response(503, headers={**CHALLENGE, "DPoP-Nonce": "one"}),
    ],
)
def test_no_other_answer_is_a_reason_to_repeat(proofs: DpopProofs, answer: httpx.Response) -> None:
    api = Api(answer)
    assert call(api, DpopAuth(proofs, TOKEN)).status_code == answer.status_code
    assert len(api.proofs) == 1


def test_nonces_of_many_origins_do_not_pile_up() -> None:
    book = NonceBook()
    for number in range(300):
        book.keep(httpx.URL(f"https://host-{number}.example/"), "nonce")
    known = [number for number in range(300) if book.of(httpx.URL(f"https://host-{number}.example/"))]
    assert known == list(range(200, 300))


@pytest.mark.clause("RFC 7523 §3")
@pytest.mark.clause("RFC 7523 §2.2")
def test_an_assertion_says_who_asks_whom_and_is_used_once() -> None:
    key = KEYS["PS256"]
    assertions = ClientAssertions(
        "partner", "https://as.example", key, "key-1", lambda: datetime(2026, 3, 1, tzinfo=UTC)
    )
    form, other = assertions.form(), assertions.form()
    assert form["client_assertion_type"] == ASSERTION_TYPE
    token = form["client_assertion"]
    assert jws.is_signed_by(token, key.public_key())
    assert jws.header_of(token) == {"typ": "JWT", "kid": "key-1", "alg": "PS256"}
    claims = jws.payload_of(token)
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("partner", "partner", "https://as.example")
    assert 0 < claims["exp"] - claims["iat"] <= 60
    assert claims["jti"] != jws.payload_of(other["client_assertion"])["jti"]


NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_key_is_published_before_it_signs_and_kept_for_a_while_after(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys", lifetime_seconds=100, lead_seconds=10, keep_seconds=20)
    with pytest.raises(NoClientKey):
        store.current(NOW)
    first = store.turn(NOW)
    assert store.current(NOW).identifier == first, "the only one serves at once"
    assert store.turn(at(99)) is None

    second = store.turn(at(100))
    assert [each["kid"] for each in store.published()] == [first, second]
    assert store.current_id(at(109)) == first
    assert store.current_id(at(110)) == second
    store.turn(at(129))
    assert len(store.published()) == 2
    store.turn(at(130))
    assert [each["kid"] for each in store.published()] == [second]
    assert store.current(at(130)).identifier == second


def test_what_is_published_is_a_public_key_and_what_is_kept_is_ours_alone(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys", lifetime_seconds=100)
    store.turn(NOW)
    (published,) = store.published()
    key = store.current(NOW)
    assert public_jwk(published).thumbprint == published["kid"] == key.identifier
    (file,) = (tmp_path / "keys").glob("*.pem")
    assert file.stat().st_mode & 0o777 == 0o600
    assert repr(key.key) not in repr(key)

    file.chmod(0o640)
    with pytest.raises(NoClientKey, match="0640"):
        store.current(NOW)


def test_a_file_with_another_key_than_its_name_says_is_not_used(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys", lifetime_seconds=100)
    store.turn(NOW)
    store.turn(at(100))
    first, second = sorted((tmp_path / "keys").glob("*.pem"))
    second.write_bytes(first.read_bytes())
    with pytest.raises(NoClientKey, match="not the key"):
        store.current(at(100))


class DpopBank(Bank):
    """A bank whose tokens are bound to the key of a proof, and which demands a nonce where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.nonce: str | None = None
        self.memory = Memory()
        self.bound: dict[str, str] = {}
        self.assertions: list[str] = []
        self._tokens = itertools.count(1)

    def token(self, asked: Asked, **changes: object) -> Answer:
        form = httpx.QueryParams(asked.body.decode())
        self.assertions += form.get_list("client_assertion")
        return self._proven(asked, "POST", None, lambda thumbprint: self._issue(thumbprint, changes))

    def api(self, asked: Asked) -> Answer:
        token = asked.headers.get("authorization", "").removeprefix("DPoP ")

        def accounts(thumbprint: str) -> Answer:
            if self.bound.get(token) != thumbprint:
                return Answer(401, {}, {"WWW-Authenticate": 'DPoP error="invalid_token"'})
            return Answer(200, {"key": thumbprint})

        return self._proven(asked, "GET", token, accounts)

    def _issue(self, thumbprint: str, changes: dict[str, object]) -> Answer:
        token = f"token-{next(self._tokens)}"
        self.bound[token] = thumbprint
        return Answer(200, {"access_token": token, "token_type": "DPoP", "expires_in": 300} | changes)

    def _proven(
        self, asked: Asked, method: str, token: str | None, answer: Callable[[str], Answer]
    ) -> Answer:
        try:
            proof = verify_proof(
                [asked.headers["dpop"]],
                method,
                f"{self.origin}{asked.path}",
                now=datetime.now(UTC),
                nonces=NONCES,
                nonce_required=False,
                replay=self.memory,
                access_token=token,
            )
        except Refusal as refusal:
            return Answer(400, {"error": refusal.code})
        if proof.nonce != self.nonce:
            said = {"DPoP-Nonce": self.nonce or ""} | (CHALLENGE if token else {})
            return Answer(401 if token else 400, {"error": "use_dpop_nonce"}, said)
        return answer(proof.thumbprint)


@pytest.fixture
def bank() -> DpopBank:
    return DpopBank()


class Keys:
    """A client's keys in a folder, which turn when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.moved = timedelta()
        self.dpop = KeyStore(folder / "dpop", lifetime_seconds=3600)
        self.assertion = KeyStore(folder / "assertion", lifetime_seconds=3600, lead_seconds=60)
        self.turn()

    def turn(self) -> None:
        for store in (self.dpop, self.assertion):
            store.turn(datetime.now(UTC) + self.moved)


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def caller(
    authority: Authority,
    server: TLSServer,
    store: GenerationStore,
    generation: Generation,
    keys: Keys,
    retries: Retries,
    watcher: Watcher,
) -> Iterator[Caller]:
    del generation
    settings = CallerSettings(
        server.origin,
        TokenRequest("partner"),
        authority.trust_bundle,
        keys=SigningKeys(keys.dpop, keys.assertion),
    )
    with Caller(store, settings, retries=retries, observer=watcher) as caller:
        yield caller


def accounts(caller: Caller, server: TLSServer) -> Any:
    response = caller.request("GET", f"{server.origin}/accounts")
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.clause("RFC 9449 §5")
def test_a_caller_asks_for_a_token_of_its_key_and_proves_each_call(
    caller: Caller, server: TLSServer, bank: DpopBank, keys: Keys
) -> None:
    now = datetime.now(UTC)
    told = [accounts(caller, server) for _ in range(3)]
    assert told == [{"key": keys.dpop.current_id(now)}] * 3
    assert len(bank.bound) == 1
    (assertion,) = bank.assertions
    assert jws.header_of(assertion)["kid"] == keys.assertion.current_id(now)
    assert jws.payload_of(assertion)["aud"] == server.origin


@pytest.mark.clause("RFC 9449 §8")
def test_a_caller_takes_the_nonces_that_both_servers_ask_for(
    caller: Caller, server: TLSServer, bank: DpopBank
) -> None:
    bank.nonce = "one"
    accounts(caller, server)
    asked = len(server.asked)
    # The second request of the token endpoint had a new assertion, since the first one's may be used up.
    assert len(bank.assertions) == len(set(bank.assertions)) == 2
    accounts(caller, server)
    assert len(server.asked) == asked + 1
    bank.nonce = "two"
    accounts(caller, server)
    assert len(server.asked) == asked + 3


@pytest.mark.clause("RFC 6749 §7.1")
def test_a_bearer_token_in_place_of_a_bound_one_is_not_used(
    caller: Caller, server: TLSServer, bank: DpopBank
) -> None:
    bank.answers["/token"] = lambda asked: DpopBank.token(bank, asked, token_type="Bearer")
    with pytest.raises(TokenUnusable, match="not DPoP"):
        accounts(caller, server)


def test_calls_go_on_while_the_key_turns(
    caller: Caller, server: TLSServer, keys: Keys, watcher: Watcher
) -> None:
    first = accounts(caller, server)["key"]
    keys.moved = timedelta(seconds=3600)
    # A successor that was born a moment ago, as a worker makes it.
    keys.dpop = KeyStore(keys.dpop.path, lifetime_seconds=0)
    keys.dpop.turn(datetime.now(UTC))
    accounts(caller, server)
    watcher.wait_until(lambda: len(watcher.swaps) == 2)
    second = accounts(caller, server)["key"]
    assert second == keys.dpop.current_id(datetime.now(UTC)) != first
    assert {call.status for call in watcher.calls} == {200}


def test_without_a_key_no_call_is_made(caller: Caller, server: TLSServer, keys: Keys) -> None:
    for file in keys.dpop.path.glob("*.pem"):
        file.unlink()
    with pytest.raises(NoClientKey, match="prepare"):
        accounts(caller, server)
    assert server.asked == []


def test_a_key_for_another_curve_is_none() -> None:
    with pytest.raises(ValueError, match="secp384r1"):
        DpopProofs(ec.generate_private_key(ec.SECP384R1()))
