"""Somebody else's software statement, and one that the scheme's directory never made.

RFC 7591 §2.3 and §5 (https://www.rfc-editor.org/rfc/rfc7591), RFC 8725 §3.1
(https://www.rfc-editor.org/rfc/rfc8725). A statement is no secret: the thief has the partner's.
"""

import json
from collections.abc import Callable, Mapping

from sender_constraint.jose import jws
from workshop.asserting import new_key
from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.loot import Cast, Loot

INVALID = "invalid_software_statement"
UNAPPROVED = "unapproved_software_statement"
THIEF = {"software_id": "thief", "tls_client_auth_subject_dn": "CN=thief,O=Thief Ltd,C=GB"}


def _valid(cast: Cast) -> Call:
    call = Call("POST", f"{cast.targets.issuer}/register", None, cast.partner.credentials)
    return _showing(call, cast.signing.statement())


def _showing(call: Call, statement: str, **metadata: str) -> Call:
    body = json.dumps({"software_statement": statement, **metadata}).encode()
    return call.but(body=body).with_header("Content-Type", "application/json")


STATEMENTS = Family(
    "software-statements", "By whose statement a client may register itself", _valid, answered=201
)


def registering(make: Callable[[Loot], str], **metadata: str) -> Change:
    """Register by another statement, on a connection of the thief's. metadata: beside it."""
    return lambda call, loot: _showing(call.but(credentials=loot.own), make(loot), **metadata)


def copied(loot: Loot) -> str:
    """The partner's."""
    return loot.signing.statement()


def forged(loot: Loot, header: Mapping[str, object] | None = None, **claims: str) -> str:
    """One about the thief with the directory's kid, signed by a key of the thief's."""
    statement = copied(loot)
    claims = {**jws.payload_of(statement), **THIEF, **claims}
    return jws.sign({**jws.header_of(statement), **(header or {})}, claims, new_key())


def altered(loot: Loot) -> str:
    """The partner's with the thief's name in it, and the directory's signature."""
    header, _, signature = copied(loot).split(".")
    return f"{header}.{_part({**jws.payload_of(copied(loot)), **THIEF})}.{signature}"


def unsigned(loot: Loot) -> str:
    """The same with alg none, and no signature."""
    statement = copied(loot)
    header = _part({**jws.header_of(statement), "alg": "none"})
    return f"{header}.{_part({**jws.payload_of(statement), **THIEF})}."


def _part(members: dict[str, object]) -> str:
    return jws.encode(json.dumps(members).encode())


def _refused(identifier: str, title: str, change: Change, error: str, rule: str) -> Attack:
    expected = Expected(400, error, f"statement.{rule}")
    return Attack(STATEMENTS, identifier, title, change, expected, insider=True)


ATTACKS: tuple[Attack, ...] = (
    _refused(
        "statement-of-another",
        "another participant's statement, and the thief's certificate",
        registering(copied),
        UNAPPROVED,
        "certificate",
    ),
    _refused(
        "statement-and-own-name",
        "another participant's statement, and the thief's name beside it",
        registering(copied, tls_client_auth_san_dns="thief.example"),
        INVALID,
        "contradicted",
    ),
    _refused(
        "statement-forged", "a statement that the thief signed", registering(forged), INVALID, "signature"
    ),
    _refused(
        "statement-altered", "a statement with another name in it", registering(altered), INVALID, "signature"
    ),
    _refused(
        "statement-garbage", "garbage as a statement", registering(lambda _loot: "x.y.z"), INVALID, "form"
    ),
    _refused(
        "statement-of-another-type",
        "a JWT that says of itself that it is an access token",
        registering(lambda loot: forged(loot, {"typ": "at+jwt"})),
        INVALID,
        "type",
    ),
    _refused(
        "statement-critical",
        "a statement with a critical member that nobody knows",
        registering(lambda loot: forged(loot, {"crit": ["thief"], "thief": 1})),
        INVALID,
        "critical",
    ),
    _refused(
        "statement-of-another-key",
        "a statement by a key that the directory never had",
        registering(lambda loot: forged(loot, {"kid": "thief"})),
        INVALID,
        "key",
    ),
    _refused("statement-unsigned", "a statement with alg none", registering(unsigned), INVALID, "algorithm"),
    _refused(
        "statement-expired",
        "a statement that has expired",
        registering(lambda loot: loot.signing.expired_statement()),
        INVALID,
        "expired",
    ),
    _refused(
        "statement-own-directory",
        "a statement of a directory that the thief runs",
        registering(lambda loot: forged(loot, iss="https://directory.thief.example")),
        UNAPPROVED,
        "issuer",
    ),
)
