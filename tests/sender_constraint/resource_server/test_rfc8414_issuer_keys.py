import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sender_constraint.jose.jwk import jwk_of
from sender_constraint.resource_server import key_discovery
from sender_constraint.resource_server.issuer_keys import IssuerKeys, KeysUnavailable
from sender_constraint.resource_server.issuer_signatures import IssuerKey
from sender_constraint.resource_server.key_discovery import (
    DiscoveryFailed,
    discover_keys,
    verification_keys,
)
from tests.sender_constraint.resource_server.tokens import ISSUER, SIGNING_KEY, private_jwk, public_jwk

METADATA_URL = "https://as.example/.well-known/oauth-authorization-server"
JWKS_URI = "https://as.example/jwks"
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


class Issuer:
    """An authorization server that answers what a test says, and counts how often it is asked."""

    def __init__(self) -> None:
        self.metadata: Any = {"issuer": ISSUER, "jwks_uri": JWKS_URI}
        self.jwks: Any = {"keys": [public_jwk()]}
        self.answer: Callable[[httpx.Request], httpx.Response] | None = None
        self.cache_control = "public"
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if self.answer is not None:
            return self.answer(request)
        document = {METADATA_URL: self.metadata, JWKS_URI: self.jwks}[str(request.url)]
        return httpx.Response(200, json=document, headers={"Cache-Control": self.cache_control})

    @property
    def times_asked(self) -> int:
        return self.asked.count(METADATA_URL)

    def go_away(self) -> None:
        def refuse(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("connection refused", request=request)

        self.answer = refuse


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(issuer: Issuer) -> Iterator[httpx.Client]:
    with httpx.Client(transport=httpx.MockTransport(issuer)) as client:
        yield client


@pytest.fixture
def keys(client: httpx.Client, clock: Clock) -> IssuerKeys:
    return IssuerKeys(ISSUER, client, monotonic=clock)


def assert_is_signing_key(key: IssuerKey | None) -> None:
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.public_numbers() == SIGNING_KEY.public_key().public_numbers()


@pytest.mark.clause("RFC 8414 §3")
def test_keys_are_discovered_from_the_issuers_metadata(keys: IssuerKeys, issuer: Issuer) -> None:
    assert_is_signing_key(keys.key("key-1"))
    assert issuer.asked == [METADATA_URL, JWKS_URI]


def test_fresh_keys_are_not_asked_for_again(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    keys.key("key-1")
    clock.now += 299
    keys.key("key-1")
    assert issuer.times_asked == 1
    clock.now += 1
    keys.key("key-1")
    assert issuer.times_asked == 2


@pytest.mark.clause("RFC 9111 §5.2.2.1")
@pytest.mark.parametrize(
    ("cache_control", "fresh_seconds"),
    [
        ("public, max-age=60", 60),
        ("Max-Age=60", 60),
        ("max-age=0", 5),
        ("max-age=86400", 300),
        ("max-age=soon", 300),
        ("no-transform", 300),
    ],
)
def test_keys_are_kept_no_longer_than_the_issuer_allows(
    keys: IssuerKeys, issuer: Issuer, clock: Clock, cache_control: str, fresh_seconds: int
) -> None:
    issuer.cache_control = cache_control
    keys.key("key-1")
    clock.now += fresh_seconds - 0.5
    keys.key("key-1")
    assert issuer.times_asked == 1
    clock.now += 0.5
    keys.key("key-1")
    assert issuer.times_asked == 2


def test_an_unknown_key_makes_the_issuer_be_asked_but_not_more_often_than_the_interval(
    keys: IssuerKeys, issuer: Issuer, clock: Clock
) -> None:
    keys.key("key-1")
    clock.now += 5
    for number in range(50):
        assert keys.key(f"unknown-{number}") is None
    assert issuer.times_asked == 2
    clock.now += 5
    assert keys.key("unknown") is None
    assert issuer.times_asked == 3


def test_a_new_key_is_found_when_a_token_names_it(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    keys.key("key-1")
    issuer.jwks = {"keys": [public_jwk(OTHER_KEY, kid="key-2")]}
    clock.now += 5
    assert keys.key("key-2") is not None
    assert keys.key("key-1") is None


def test_an_outage_is_survived_until_the_keys_are_too_old(
    keys: IssuerKeys, issuer: Issuer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    keys.key("key-1")
    issuer.go_away()
    clock.now += 3599
    with caplog.at_level(logging.WARNING):
        assert_is_signing_key(keys.key("key-1"))
    assert "could not be fetched" in caplog.text
    clock.now += 1
    with pytest.raises(KeysUnavailable) as unavailable:
        keys.key("key-1")
    assert unavailable.value.retry_after_seconds == 1
    assert "ConnectError" in unavailable.value.reason


def test_the_issuer_is_used_again_as_soon_as_it_is_back(
    keys: IssuerKeys, issuer: Issuer, clock: Clock
) -> None:
    issuer.go_away()
    for _ in range(20):
        with pytest.raises(KeysUnavailable):
            keys.key("key-1")
    assert issuer.times_asked == 1
    issuer.answer = None
    clock.now += 1
    assert_is_signing_key(keys.key("key-1"))


def test_an_unknown_key_during_an_outage_is_neither_good_nor_bad(
    keys: IssuerKeys, issuer: Issuer, clock: Clock
) -> None:
    keys.key("key-1")
    issuer.go_away()
    clock.now += 5
    with pytest.raises(KeysUnavailable):
        keys.key("key-2")
    assert_is_signing_key(keys.key("key-1"))


def test_many_threads_ask_once(issuer: Issuer, client: httpx.Client) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slowly(request: httpx.Request) -> httpx.Response:
        entered.set()
        assert leave.wait(10)
        document = issuer.metadata if str(request.url) == METADATA_URL else issuer.jwks
        return httpx.Response(200, json=document)

    issuer.answer = slowly
    keys = IssuerKeys(ISSUER, client)
    found: list[IssuerKey | None] = []
    threads = [threading.Thread(target=lambda: found.append(keys.key("key-1"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    assert entered.wait(10)
    leave.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 20
    assert None not in found
    assert issuer.times_asked == 1


def test_whoever_has_a_usable_key_does_not_wait_for_a_refresh(
    issuer: Issuer, client: httpx.Client, clock: Clock
) -> None:
    keys = IssuerKeys(ISSUER, client, monotonic=clock)
    keys.key("key-1")
    entered, leave = threading.Event(), threading.Event()

    def hang(request: httpx.Request) -> httpx.Response:
        entered.set()
        assert leave.wait(10)
        raise httpx.ReadTimeout("too slow", request=request)

    issuer.answer = hang
    clock.now += 300
    refreshing = threading.Thread(target=keys.key, args=["key-1"])
    refreshing.start()
    assert entered.wait(10)
    assert_is_signing_key(keys.key("key-1"))
    assert refreshing.is_alive()
    leave.set()
    refreshing.join(10)


@pytest.mark.clause("RFC 8414 §3.3")
@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://thief.example", "jwks_uri": JWKS_URI}, "another issuer's"),
        ({"issuer": ISSUER + "/", "jwks_uri": JWKS_URI}, "another issuer's"),
        ({"jwks_uri": JWKS_URI}, "another issuer's"),
        ({"issuer": ISSUER}, "no https jwks_uri"),
        ({"issuer": ISSUER, "jwks_uri": "http://as.example/jwks"}, "no https jwks_uri"),
        ({"issuer": ISSUER, "jwks_uri": [JWKS_URI]}, "no https jwks_uri"),
        ({"issuer": ISSUER, "jwks_uri": "https://[::1"}, "InvalidURL"),
        ([], "no JSON object"),
    ],
)
def test_metadata_that_cannot_be_trusted_is_not_used(
    client: httpx.Client, issuer: Issuer, clock: Clock, metadata: Any, reason: str
) -> None:
    assert discover_keys(client, ISSUER, clock)
    issuer.metadata = metadata
    with pytest.raises(DiscoveryFailed, match=reason):
        discover_keys(client, ISSUER, clock)


def large(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=b" " * (key_discovery.MAX_RESPONSE_BYTES + 1))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda _: httpx.Response(500), "answered 500"),
        (lambda _: httpx.Response(302, headers={"location": "https://thief.example"}), "answered 302"),
        (lambda _: httpx.Response(200, content=b"not JSON"), "no JSON object"),
        (lambda _: httpx.Response(200, content=b'{"issuer": 1, "issuer": 2}'), "twice"),
        (lambda _: httpx.Response(200, content=b"[" * 10_000), "nested"),
        (large, "more than 65536 bytes"),
    ],
)
def test_an_answer_that_is_none_is_not_used(
    client: httpx.Client,
    issuer: Issuer,
    clock: Clock,
    answer: Callable[[httpx.Request], httpx.Response],
    reason: str,
) -> None:
    issuer.answer = answer
    with pytest.raises(DiscoveryFailed, match=reason):
        discover_keys(client, ISSUER, clock)


def test_an_answer_that_trickles_in_is_given_up(client: httpx.Client, issuer: Issuer, clock: Clock) -> None:
    def trickle() -> Iterator[bytes]:
        for octet in json.dumps(issuer.metadata):
            clock.now += 1
            yield octet.encode()

    issuer.answer = lambda _: httpx.Response(200, content=trickle())
    with pytest.raises(DiscoveryFailed, match="more than 5 seconds"):
        discover_keys(client, ISSUER, clock)
    assert clock.now == 1006


@pytest.mark.clause("RFC 7517 §5")
@pytest.mark.parametrize(
    "unusable",
    [
        public_jwk(OTHER_KEY, kid="other", use="enc"),
        public_jwk(OTHER_KEY, kid="other", alg="ES384"),
        public_jwk(OTHER_KEY, kid="other", crv="P-384"),
        public_jwk(OTHER_KEY, kid="other", kty="RSA"),
        public_jwk(OTHER_KEY, kid="other", x="AAAA"),
        public_jwk(OTHER_KEY, kid="other", y=public_jwk()["y"]),
        public_jwk(OTHER_KEY, kid="other", x=None),
        public_jwk(OTHER_KEY, kid=""),
        public_jwk(OTHER_KEY, kid=7),
        private_jwk(OTHER_KEY, kid="other"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "other"},
        "key",
        None,
    ],
)
def test_keys_that_cannot_verify_are_left_out(unusable: Any) -> None:
    assert set(verification_keys({"keys": [unusable, public_jwk()]})) == {("key-1", "ES256")}
    with pytest.raises(DiscoveryFailed, match="no key"):
        verification_keys({"keys": [unusable]})


def test_keys_need_neither_use_nor_algorithm() -> None:
    plain = {name: value for name, value in public_jwk().items() if name not in ("use", "alg")}
    assert set(verification_keys({"keys": [plain]})) == {("key-1", "ES256")}


@pytest.mark.parametrize("jwks", [{}, {"keys": None}, {"keys": {}}, {"keys": []}])
def test_a_set_without_keys_is_not_used(jwks: Any) -> None:
    with pytest.raises(DiscoveryFailed):
        verification_keys(jwks)


def test_two_keys_of_one_name_are_not_used() -> None:
    with pytest.raises(DiscoveryFailed, match="same kid"):
        verification_keys({"keys": [public_jwk(), public_jwk(OTHER_KEY)]})


@pytest.mark.clause("FAPI 2.0 §5.4.3")
def test_keys_of_one_name_are_told_apart_by_their_algorithm() -> None:
    named = {"kid": public_jwk()["kid"]}
    rsa_key, ed25519_key = (
        {**jwk_of(key), **named}
        for key in (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate())
    )
    other_use = {**public_jwk(OTHER_KEY), **named, "use": "enc"}
    keys = verification_keys(
        {"keys": [other_use, rsa_key, ed25519_key, public_jwk()]}, ("ES256", "PS256", "EdDSA")
    )
    assert {algorithm for _, algorithm in keys} == {"ES256", "PS256", "EdDSA"}
    signing = keys[named["kid"], "ES256"]
    assert isinstance(signing, ec.EllipticCurvePublicKey)
    assert jwk_of(signing)["x"] == public_jwk()["x"]
