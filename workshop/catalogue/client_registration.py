"""Somebody else's registration, and one that nobody allowed.

RFC 7591 §3 (https://www.rfc-editor.org/rfc/rfc7591), RFC 7592 §2 and §3
(https://www.rfc-editor.org/rfc/rfc7592).
"""

import json

from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS

GUESS = "dHIwdWI0ZG9y"
JSON = "application/json"
METADATA = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": "CN=thief,O=Thief Ltd,C=GB",
}


def _valid(cast: Cast) -> Call:
    registered = cast.signing.registration()
    return Call("GET", f"{cast.targets.issuer}{registered.path}", registered.token, cast.partner.credentials)


OF_ANOTHER = Family(
    "client-registration", "What a client that registered itself may look at and change", _valid
)


def as_thief(call: Call, loot: Loot) -> Call:
    """The stolen registration access token, beside the thief's own certificate."""
    return call.but(credentials=loot.own)


def without_certificate(call: Call, _loot: Loot) -> Call:
    """The stolen registration access token alone."""
    return call.but(credentials=NO_CREDENTIALS)


def guessed(call: Call, loot: Loot) -> Call:
    """Another token."""
    return as_thief(call, loot).but(token=GUESS)


def guessed_of_nobody(call: Call, loot: Loot) -> Call:
    """The same about a client that there is not."""
    return guessed(call, loot).at("/register/nobody")


def registering(token: str | None = GUESS, **metadata: object) -> Change:
    """Register the thief. token: None for the one that the partner used."""

    def change(call: Call, loot: Loot) -> Call:
        presented = loot.signing.spent_initial_token() if token is None else token
        body = json.dumps({**METADATA, **metadata}).encode()
        post = call.but(method="POST", token=presented, body=body, credentials=loot.own).at("/register")
        return post.with_header("Content-Type", JSON)

    return change


def allowed(**metadata: object) -> Change:
    """Register the thief, by an initial access token that the operator gave it."""
    return lambda call, loot: registering(loot.signing.initial_token(), **metadata)(call, loot)


def _denied(identifier: str, title: str, change: Change, rule: str, twin: Change | None = None) -> Attack:
    expected = Expected(401, "invalid_token", f"registration-endpoint.{rule}")
    return Attack(OF_ANOTHER, identifier, title, change, expected, twin=twin, insider=True)


def _refused(identifier: str, title: str, change: Change, rule: str) -> Attack:
    expected = Expected(400, "invalid_client_metadata", rule)
    return Attack(OF_ANOTHER, identifier, title, change, expected, insider=True)


ATTACKS: tuple[Attack, ...] = (
    _denied(
        "registration-stolen-token", "a stolen token, and the thief's certificate", as_thief, "certificate"
    ),
    _denied(
        "registration-token-alone", "a stolen token, and no certificate", without_certificate, "certificate"
    ),
    _denied("registration-guessed", "a guessed token", guessed, "registration-token", guessed_of_nobody),
    _denied(
        "registration-without-token",
        "no token",
        lambda call, _loot: call.but(token=None),
        "token-missing",
    ),
    _denied("registration-uninvited", "a guessed initial access token", registering(), "initial-token"),
    _denied(
        "registration-invited-once", "a used initial access token", registering(None), "initial-token-used"
    ),
    _refused(
        "registration-of-a-known-name",
        "a client that takes an identifier",
        allowed(client_id="partner"),
        "registration-endpoint.operators-members",
    ),
)
