"""Tokens that do not count any more, or were never more than a guess, at the API.

draft-ietf-oauth-status-list-21 §7.1 and §8.3
(https://datatracker.ietf.org/doc/html/draft-ietf-oauth-status-list-21); RFC 7662 §4
(https://www.rfc-editor.org/rfc/rfc7662). A signed token's status stands in its issuer's list; about an opaque
one the API asks the issuer. What the list says counts for whoever shows the token, its owner too.
"""

from collections.abc import Callable
from typing import Any

from workshop.calls import Call
from workshop.catalogue.api_presentation import accounts_call
from workshop.catalogue.attack import Attack, Expected, Family
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS

REVOKED = Family("api-revoked-token", "A token that is revoked, or whose status nobody says", accounts_call)


def opaque_call(cast: Cast) -> Call:
    """The partner's own call with an opaque token."""
    return accounts_call(cast).but(token=cast.loot.opaque_token)


OPAQUE = Family("api-opaque-token", "Opaque tokens, stolen and guessed", opaque_call)

INACTIVE = Expected(401, "invalid_token", "token.inactive")
STALE = Expected(503, None, "token.status-stale")
MALFORMED = Expected(401, "invalid_token", "token.status-claim")

# As long as a handle, and none: 256 bits are not guessed.
GUESS = "Zz9x8c7v6b5n4m3a2s1d0f9g8h7j6k5l4q3w2e1r0tY"


def by_its_owner(call: Call, loot: Loot) -> Call:
    """Show the revoked token with the certificate that it is bound to."""
    return call.but(token=loot.revoked_token())


def by_the_thief(call: Call, loot: Loot) -> Call:
    """Show it with the thief's."""
    return call.but(token=loot.revoked_token(), credentials=loot.own)


def referring(make: Callable[[dict[str, Any]], Any]) -> Callable[[Call, Loot], Call]:
    """Show a token that the issuer's key signed, with another status claim; made from a good one."""

    def change(call: Call, loot: Loot) -> Call:
        status = make(loot.authorities.claims["status"]["status_list"])
        return call.but(token=loot.authorities.token(loot.own_der, status=status), credentials=loot.own)

    return change


def elsewhere(uri: Callable[[str], str]) -> Callable[[Call, Loot], Call]:
    """The same, with the address of something else than its list."""
    return referring(lambda good: {"status_list": {**good, "uri": uri(good["uri"])}})


def other_audience(call: Call, loot: Loot) -> Call:
    """Show an opaque token that is for another API, as its owner could."""
    return call.but(token=loot.other_opaque_token)


def handle(make: Callable[[Loot], str]) -> Callable[[Call, Loot], Call]:
    """Show this in place of the handle, with the thief's certificate."""
    return lambda call, loot: call.but(token=make(loot), credentials=loot.own)


def stolen(call: Call, loot: Loot) -> Call:
    """Show the stolen handle with the thief's certificate."""
    return call.but(credentials=loot.own)


def without_certificate(call: Call, _loot: Loot) -> Call:
    """Show it with none."""
    return call.but(credentials=NO_CREDENTIALS)


def _revoked(identifier: str, title: str, change: Any, expected: Expected, *, insider: bool = True) -> Attack:
    return Attack(REVOKED, identifier, title, change, expected, insider=insider)


def _opaque(identifier: str, title: str, change: Any, expected: Expected) -> Attack:
    return Attack(OPAQUE, identifier, title, change, expected)


_TOKEN_REVOKED = Expected(401, "invalid_token", "token.revoked")

ATTACKS: tuple[Attack, ...] = (
    _revoked(
        "revoked-token",
        "a revoked token, with the certificate that it is bound to",
        by_its_owner,
        _TOKEN_REVOKED,
        insider=False,
    ),
    _revoked(
        "revoked-token-stolen",
        "a revoked token, with the thief's certificate",
        by_the_thief,
        _TOKEN_REVOKED,
        insider=False,
    ),
    _revoked(
        "status-list-missing",
        "a token whose status list is not there",
        elsewhere(lambda uri: uri.rpartition("/")[0] + "/999999"),
        STALE,
    ),
    _revoked(
        "status-list-away",
        "a token whose status list nobody serves",
        elsewhere(lambda _: "https://localhost:1/status-lists/1"),
        STALE,
    ),
    _revoked(
        "status-list-of-another-address",
        "a token whose list says that it is another one",
        elsewhere(lambda uri: f"{uri}?"),
        STALE,
    ),
    _revoked(
        "status-list-that-is-none",
        "a token whose list is the issuer's key set",
        elsewhere(lambda uri: uri.rpartition("/status-lists/")[0] + "/jwks"),
        STALE,
    ),
    _revoked(
        "status-index-beyond-the-end",
        "a token whose place is beyond the end of its list",
        referring(lambda good: {"status_list": {**good, "idx": 2**40}}),
        Expected(401, "invalid_token", "token.status-index"),
    ),
    _revoked(
        "status-of-another-mechanism",
        "a token whose status stands somewhere that nobody looks",
        referring(lambda _: {"thiefs_list": {"id": "good"}}),
        MALFORMED,
    ),
    _revoked("status-empty", "a token with a status that says nothing", referring(lambda _: {}), MALFORMED),
    _opaque(
        "opaque-token-stolen",
        "the partner's opaque token, with the thief's own certificate",
        stolen,
        Expected(401, "invalid_token", "binding.certificate"),
    ),
    _opaque(
        "opaque-token-without-certificate",
        "the partner's opaque token, without any certificate",
        without_certificate,
        Expected(401, "invalid_token", "binding.certificate-missing"),
    ),
    _opaque(
        "opaque-token-guessed-without-certificate",
        "a guess, as long as a token, without any certificate: the issuer is not even asked",
        lambda call, _loot: call.but(token=GUESS, credentials=NO_CREDENTIALS),
        Expected(401, "invalid_token", "binding.certificate-missing"),
    ),
    _opaque("opaque-token-guessed", "a guess, as long as a token", handle(lambda _: GUESS), INACTIVE),
    _opaque(
        "opaque-token-truncated",
        "the partner's opaque token without its last character",
        handle(lambda loot: loot.opaque_token[:-1]),
        INACTIVE,
    ),
    _opaque(
        "opaque-token-at-the-wrong-api",
        "an opaque token that is for another API, with the certificate that it is bound to",
        other_audience,
        INACTIVE,
    ),
    _opaque(
        "opaque-token-revoked",
        "a revoked opaque token, with the certificate that it is bound to",
        lambda call, loot: call.but(token=loot.revoked_opaque_token()),
        INACTIVE,
    ),
)
