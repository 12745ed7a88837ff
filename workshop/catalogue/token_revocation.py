"""The revocation endpoint, asked to revoke what is not the caller's.

RFC 7009 §2.1, §2.2 and §2.2.1 (https://www.rfc-editor.org/rfc/rfc7009). Another client's token stays, and is
answered as its twin is, which does not exist.
"""

import json
from dataclasses import dataclass

from workshop import forgery
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.token_introspection import about_token
from workshop.catalogue.token_requests import token_request
from workshop.catalogue.token_status import GUESS
from workshop.loot import Cast, Loot
from workshop.wire import NO_CREDENTIALS, Exchange, Wire


@dataclass(frozen=True)
class GivingUp:
    """A client that gets a token and revokes it. request: for it. revocation: with the token left out."""

    request: Call
    revocation: Call

    def send(self, wire: Wire) -> Exchange:
        """Get the token, and revoke it."""
        answered = self.request.send(wire)
        if answered.status != 200:
            return answered
        return self.revocation.with_form(token=answered.json()["access_token"]).send(wire)


def giving_up(cast: Cast) -> GivingUp:
    """The other partner, which revokes its own token."""
    revocation = about_token(cast, cast.other, "/revoke", "")
    return GivingUp(token_request(cast, cast.other), revocation)


REVOKING = Family("revocation", "A client revokes tokens that are not its own", giving_up)


def of_the_partner(given_up: GivingUp, loot: Loot) -> Call:
    """Revoke a token of the partner's."""
    return given_up.revocation.with_form(token=loot.another_token())


def guessed(given_up: GivingUp, _loot: Loot) -> Call:
    """Revoke a guess."""
    return given_up.revocation.with_form(token=GUESS)


def unauthenticated(given_up: GivingUp, loot: Loot) -> Call:
    """Revoke the partner's, on a connection without a certificate."""
    return of_the_partner(given_up, loot).but(credentials=NO_CREDENTIALS)


def as_bearer(given_up: GivingUp, loot: Loot) -> Call:
    """Revoke the partner's by the partner's unbound token."""
    return unauthenticated(given_up, loot).but(token=loot.unbound_token)


def in_the_partners_name(given_up: GivingUp, loot: Loot) -> Call:
    """Revoke the partner's in its name, by the thief's certificate."""
    call = of_the_partner(given_up, loot).with_form(client_id="partner")
    return call.but(credentials=loot.own)


def proof(given_up: GivingUp, _loot: Loot) -> Call:
    """Revoke a JWT that is no access token."""
    header = forgery.base64url(json.dumps({"typ": "dpop+jwt", "alg": "ES256"}).encode())
    return given_up.revocation.with_form(token=f"{header}.e30.e30")


def nothing(given_up: GivingUp, _loot: Loot) -> Call:
    """Revoke none."""
    return given_up.revocation.with_form(token=None)


def _attack(
    identifier: str, title: str, change: Change, expected: Expected, *, twin: Change | None = None
) -> Attack:
    return Attack(REVOKING, identifier, title, change, expected, twin=twin)


ATTACKS: tuple[Attack, ...] = (
    _attack(
        "revoke-anothers-token",
        "another client's token",
        of_the_partner,
        Expected(200, None, "token-revocation.own"),
        twin=guessed,
    ),
    _attack("revoke-guess", "a guess", guessed, Expected(200, None, "token-revocation.issued")),
    _attack(
        "revoke-without-authentication",
        "a token, without authentication",
        unauthenticated,
        Expected(401, "invalid_client", "certificate.missing"),
    ),
    _attack(
        "revoke-by-bearer-token",
        "a token, by a bearer token in place of authentication",
        as_bearer,
        Expected(401, "invalid_client", "client.method-supported"),
    ),
    _attack(
        "revoke-in-the-partners-name",
        "the partner's token, in its name, by the thief's certificate",
        in_the_partners_name,
        Expected(401, "invalid_client", "client.subject-dn"),
    ),
    _attack(
        "revoke-a-proof",
        "a JWT that is no access token",
        proof,
        Expected(400, "unsupported_token_type", "token-revocation.type"),
    ),
    _attack(
        "revoke-nothing",
        "no token",
        nothing,
        Expected(400, "invalid_request", "token-parameter.missing"),
    ),
)
