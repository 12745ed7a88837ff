"""The introspection endpoint, asked by those whom a token does not concern.

RFC 7662 §2.1, §2.2 and §4 (https://www.rfc-editor.org/rfc/rfc7662). Whatever is not shown is inactive, in the
same bytes: its twin asks about a token that does not exist.
"""

from urllib.parse import urlencode

from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.catalogue.token_requests import FORM
from workshop.catalogue.token_status import GUESS
from workshop.loot import Cast, Loot, Member
from workshop.wire import NO_CREDENTIALS

SIGNED = "application/token-introspection+jwt"


def about_token(cast: Cast, member: Member, path: str, token: str) -> Call:
    """What a client asks about a token of its own."""
    form = urlencode({"client_id": member.client_id, "token": token}).encode()
    url = f"{cast.targets.issuer}{path}"
    return Call("POST", url, None, member.credentials, (("Content-Type", FORM),), form)


BY_ANOTHER_CLIENT = Family(
    "introspection",
    "A client asks about tokens that are not its own",
    lambda cast: about_token(cast, cast.other, "/introspect", cast.other.token),
)
BY_ITS_OWNER = Family(
    "introspection-by-owner",
    "A client asks about a token of its own that does not count any more",
    lambda cast: about_token(cast, cast.partner, "/introspect", cast.partner.token),
)


def named(token: str) -> Change:
    """Ask about this one."""
    return lambda call, _loot: call.with_form(token=token)


def stolen(call: Call, loot: Loot) -> Call:
    """Ask about the partner's."""
    return call.with_form(token=loot.token)


def stolen_opaque(call: Call, loot: Loot) -> Call:
    """Ask about the partner's opaque one."""
    return call.with_form(token=loot.opaque_token)


def cut_off(call: Call, loot: Loot) -> Call:
    """Ask about the partner's, without its last character."""
    return call.with_form(token=loot.token[:-1])


def unauthenticated(call: Call, loot: Loot) -> Call:
    """Ask about the partner's, on a connection without a certificate."""
    return stolen(call, loot).but(credentials=NO_CREDENTIALS)


def as_bearer(call: Call, loot: Loot) -> Call:
    """Ask about the partner's with the partner's unbound token, as RFC 7662 §2.1 would allow a server."""
    return unauthenticated(call, loot).but(token=loot.unbound_token)


def as_the_api(call: Call, loot: Loot) -> Call:
    """Ask as the API, by the thief's certificate."""
    return stolen(call, loot).with_form(client_id="bank-api").but(credentials=loot.own)


def without_token(call: Call, _loot: Loot) -> Call:
    """Ask about none."""
    return call.with_form(token=None)


def _attack(
    identifier: str, title: str, change: Change, expected: Expected, *, twin: Change | None = None
) -> Attack:
    return Attack(BY_ANOTHER_CLIENT, identifier, title, change, expected, twin=twin)


_CONCERNS = Expected(200, None, "introspection.concerns")
_UNKNOWN = Expected(200, None, "introspection.issued")

ATTACKS: tuple[Attack, ...] = (
    _attack("introspect-anothers-token", "another client's token", stolen, _CONCERNS, twin=named(GUESS)),
    _attack(
        "introspect-anothers-opaque-token",
        "another client's opaque token",
        stolen_opaque,
        _CONCERNS,
        twin=named(GUESS),
    ),
    _attack("introspect-guess", "a guess", named(GUESS), _UNKNOWN),
    _attack("introspect-truncated-token", "a token without its last character", cut_off, _UNKNOWN),
    _attack(
        "introspect-without-authentication",
        "a token, without authentication",
        unauthenticated,
        Expected(401, "invalid_client", "certificate.missing"),
    ),
    _attack(
        "introspect-by-bearer-token",
        "a token, by a bearer token in place of authentication",
        as_bearer,
        Expected(401, "invalid_client", "client.method-supported"),
    ),
    _attack(
        "introspect-as-the-api",
        "a token, in the API's name, by the thief's certificate",
        as_the_api,
        Expected(401, "invalid_client", "client.subject-dn"),
    ),
    _attack(
        "introspect-nothing",
        "no token",
        without_token,
        Expected(400, "invalid_request", "token-parameter.missing"),
    ),
    Attack(
        BY_ITS_OWNER,
        "introspect-revoked-token",
        "its own token, which it has revoked",
        lambda call, loot: call.with_form(token=loot.revoked_token()),
        Expected(200, None, "introspection.revoked"),
        twin=named(GUESS),
    ),
)
