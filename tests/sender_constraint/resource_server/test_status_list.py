"""draft-ietf-oauth-status-list-21 §5.1 and §8: the issuer's lists, and lists that are not."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from sender_constraint.jose import jws
from sender_constraint.jose.status_lists import INVALID, MEDIA_TYPE, VALID, StatusReference, list_of_invalid
from sender_constraint.resource_server.issuer_keys import KeysUnavailable
from sender_constraint.resource_server.issuer_signatures import IssuerKey
from sender_constraint.resource_server.status_list import REMEMBERED_LISTS, StatusLists
from tests.sender_constraint.pki import NOW
from tests.waiting import eventually

ISSUER = "https://as.example"
URI = f"{ISSUER}/status-lists/1"
PROMISE_SECONDS = 5.0


@dataclass
class Provider:
    """Serves status lists, and is told to do it wrongly. asked: the entity tags with which it was asked."""

    now: datetime = NOW
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signer: ec.EllipticCurvePrivateKey | None = None
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    revoked: set[int] = field(default_factory=set)
    content_type: str = MEDIA_TYPE
    status: int = 200
    age: str | None = None
    keys_known: bool = True
    tamper: Callable[[str], str] = lambda token: token
    asked: list[str | None] = field(default_factory=list)

    def seconds(self) -> float:
        return self.now.timestamp()

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def list(self, uri: str) -> str:
        claims = {
            "iss": ISSUER,
            "sub": uri,
            "iat": int(self.now.timestamp()),
            "exp": int(self.now.timestamp()) + 60,
            "ttl": 5,
            "status_list": list_of_invalid(1024, self.revoked).members(),
        }
        header = {"typ": "statuslist+jwt", "kid": "key-1"}
        present = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        return self.tamper(jws.sign({**header, **self.header}, present, self.signer or self.key))

    def answer(self, request: httpx.Request) -> httpx.Response:
        tag = f'W/"{sorted(self.revoked)} {self.claims.get("iat")}"'
        self.asked.append(request.headers.get("if-none-match"))
        headers = {"ETag": tag, "Content-Type": self.content_type}
        if self.age is not None:
            headers["Age"] = self.age
        if self.status == 200 and request.headers.get("if-none-match") == tag:
            return httpx.Response(304, headers=headers)
        return httpx.Response(self.status, text=self.list(str(request.url)), headers=headers)

    def key_of(self, key_identifier: str, algorithm: str) -> IssuerKey | None:
        if not self.keys_known:
            raise KeysUnavailable("away", 1)
        return self.key.public_key() if (key_identifier, algorithm) == ("key-1", "ES256") else None


@pytest.fixture
def provider() -> Provider:
    return Provider()


@dataclass(frozen=True)
class _Keys:
    provider: Provider

    def key(self, key_identifier: str, algorithm: str) -> IssuerKey | None:
        return self.provider.key_of(key_identifier, algorithm)


@pytest.fixture
def lists(provider: Provider) -> StatusLists:
    client = httpx.Client(transport=httpx.MockTransport(provider.answer))
    return StatusLists(
        ISSUER, _Keys(provider), client, PROMISE_SECONDS, lambda: provider.now, monotonic=provider.seconds
    )


def status(lists: StatusLists, index: int = 7, uri: str = URI) -> int | None:
    return lists.status_of(StatusReference(uri, index))


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
def test_the_list_says_which_tokens_are_revoked(lists: StatusLists, provider: Provider) -> None:
    provider.revoked = {7}

    assert status(lists) == INVALID
    assert status(lists, 8) == VALID
    assert len(provider.asked) == 1


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
def test_a_token_beyond_the_end_of_its_list_has_no_status(lists: StatusLists) -> None:
    with pytest.raises(IndexError):
        status(lists, 1024)


@pytest.mark.clause("RFC 9110 §13.1.2")
def test_the_list_is_asked_for_anew_by_its_entity_tag_and_beside_the_calls(
    lists: StatusLists, provider: Provider
) -> None:
    assert status(lists) == VALID
    provider.later(PROMISE_SECONDS / 2)
    assert status(lists) == VALID

    eventually(lambda: len(provider.asked) == 2, "it is asked for anew")
    assert provider.asked[1] == 'W/"[] None"'
    provider.later(PROMISE_SECONDS - 0.1)
    assert status(lists) == VALID


def test_what_is_revoked_meanwhile_is_known_within_the_promise(
    lists: StatusLists, provider: Provider
) -> None:
    assert status(lists) == VALID
    provider.revoked = {7}
    provider.later(PROMISE_SECONDS)

    assert status(lists) == INVALID


FORGED: dict[str, dict[str, Any]] = {
    "another key's": {"signer": ec.generate_private_key(ec.SECP256R1())},
    "a key unknown to the issuer": {"header": {"kid": "key-2"}},
    "no key": {"header": {"kid": None}},
    "an access token's type": {"header": {"typ": "at+jwt"}},
    "no type": {"header": {"typ": None}},
    "critical members": {"header": {"crit": ["exp"]}},
    "another list's": {"claims": {"sub": f"{ISSUER}/status-lists/2"}},
    "no list's": {"claims": {"sub": None}},
    "another issuer's": {"claims": {"iss": "https://thief.example"}},
    "without a time": {"claims": {"iat": None}},
    "from the future": {"claims": {"iat": int(NOW.timestamp()) + 60}},
    "expired": {"claims": {"exp": int(NOW.timestamp())}},
    "with an end that is no time": {"claims": {"exp": "never"}},
    "without a list": {"claims": {"status_list": None}},
    "with a malformed list": {"claims": {"status_list": {"bits": 1, "lst": "AAAA"}}},
    "cut off": {"tamper": lambda token: token[:-4]},
    "with another payload": {"tamper": lambda token: token.replace(".", ".e30", 1)},
    "no JWT": {"tamper": lambda _: "list"},
    "not called a list": {"content_type": "application/jwt"},
    "an error": {"status": 500},
}


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_list_that_is_not_the_issuers_says_nothing(
    lists: StatusLists, provider: Provider, change: dict[str, Any]
) -> None:
    for name, value in change.items():
        setattr(provider, name, value)

    assert status(lists) is None
    assert lists.why_none(StatusReference(URI, 7))["problem"]


def test_without_the_issuers_keys_no_list_counts(lists: StatusLists, provider: Provider) -> None:
    provider.keys_known = False

    assert status(lists) is None
    assert "keys" in lists.why_none(StatusReference(URI, 7))["problem"]


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §5.1")
def test_a_list_may_leave_out_what_is_optional(lists: StatusLists, provider: Provider) -> None:
    provider.claims = {"iss": None, "exp": None, "ttl": None}

    assert status(lists) == VALID


def test_a_list_that_is_older_than_the_one_before_is_refused(lists: StatusLists, provider: Provider) -> None:
    provider.revoked = {7}
    assert status(lists) == INVALID
    provider.revoked, provider.claims = set(), {"iat": int(NOW.timestamp()) - 6}
    provider.later(PROMISE_SECONDS)

    assert status(lists) is None
    assert "older" in lists.why_none(StatusReference(URI, 7))["problem"]


def test_an_older_list_that_says_the_same_is_of_an_issuer_whose_clock_was_put_back(
    lists: StatusLists, provider: Provider
) -> None:
    provider.revoked = {7}
    assert status(lists) == INVALID
    provider.claims = {"iat": int(NOW.timestamp()) - 60}
    provider.later(PROMISE_SECONDS)

    assert status(lists) == INVALID


def test_the_clocks_of_an_issuers_servers_may_differ_a_little(lists: StatusLists, provider: Provider) -> None:
    assert status(lists) == VALID
    provider.revoked, provider.claims = {7}, {"iat": int(NOW.timestamp()) - 5}
    provider.later(PROMISE_SECONDS)

    assert status(lists) == INVALID


@pytest.mark.clause("RFC 9111 §5.1")
def test_a_list_that_somebody_kept_counts_from_when_it_left_the_issuer(
    lists: StatusLists, provider: Provider
) -> None:
    provider.age = "5"

    assert status(lists) is None


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §13.7")
def test_a_list_that_is_to_be_fetched_sooner_than_promised_is(lists: StatusLists, provider: Provider) -> None:
    provider.claims = {"ttl": 2}
    assert status(lists) == VALID
    provider.status = 503
    provider.later(2)

    assert status(lists) is None


def test_not_modified_does_not_outlive_the_end_of_the_list(lists: StatusLists, provider: Provider) -> None:
    assert status(lists) == VALID
    provider.later(60)

    assert status(lists) == VALID
    assert provider.asked == [None, None]


def test_the_lists_that_are_kept_are_limited(lists: StatusLists, provider: Provider) -> None:
    for number in range(REMEMBERED_LISTS + 10):
        assert status(lists, uri=f"{ISSUER}/status-lists/{number}") == VALID
    asked = len(provider.asked)

    assert len(lists._lists) == REMEMBERED_LISTS
    assert status(lists, uri=f"{ISSUER}/status-lists/0") == VALID
    assert len(provider.asked) == asked + 1
