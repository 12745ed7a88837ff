"""A named corpus of malformed access tokens, each made from a valid one by one change.

``malformed_tokens`` needs no key, so that it serves over sockets too; ``MALFORMED_CLAIMS`` is for whoever can
sign. What is expected stands beside each: the identifier of the rule that refuses.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_B64TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True)
class MalformedToken:
    """One of the corpus.

    rule: the identifier of the rule by which the verifier refuses it, with ``invalid_token`` (401).
    """

    name: str
    token: str
    rule: str

    @property
    def is_presentable(self) -> bool:
        """Whether RFC 6750 §2.1 lets it stand in a header; if not, it is ``presentation.malformed`` (400)."""
        return _B64TOKEN.fullmatch(self.token) is not None

    @property
    def is_sendable(self) -> bool:
        """Whether an HTTP client sends it at all (RFC 9110 §5.5): visible ASCII and spaces within."""
        return re.fullmatch(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?", self.token) is not None


def malformed_tokens(valid: str) -> tuple[MalformedToken, ...]:
    """The corpus, made from a valid token of the compact form."""
    return tuple(MalformedToken(*case) for maker in _MAKERS for case in maker(*valid.split(".")))


def encoded(content: bytes | dict[str, Any]) -> str:
    """One part of a token: base64url, unpadded."""
    octets = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return document


_Cases = Iterator[tuple[str, str, str]]


def _forms(header: str, payload: str, signature: str) -> _Cases:
    valid = f"{header}.{payload}.{signature}"
    yield "a word", "token", "token.compact-form"
    yield "a dot", ".", "token.compact-form"
    yield "two dots", "..", "token.compact-form"
    yield "one part", header, "token.compact-form"
    yield "two parts", f"{header}.{payload}", "token.compact-form"
    yield "four parts", f"{valid}.{signature}", "token.compact-form"
    yield (
        "five parts, as if encrypted",
        f"{header}.{payload}.{payload}.{payload}.{signature}",
        "token.compact-form",
    )
    yield "a dot at the end", valid + ".", "token.compact-form"
    yield "a dot at the start", "." + valid, "token.compact-form"
    yield "an empty header", f".{payload}.{signature}", "token.compact-form"
    yield "an empty payload", f"{header}..{signature}", "token.compact-form"
    yield "padding at the end", valid + "==", "token.compact-form"
    yield "padding within", f"{header}=.{payload}.{signature}", "token.compact-form"
    yield "the other base64 alphabet", f"{header}.{payload}+/.{signature}", "token.compact-form"
    yield "a space within", f"{header}. {payload}.{signature}", "token.compact-form"
    yield "a line break at the end", valid + "\n", "token.compact-form"
    yield "a null character", f"{header}.\0{payload}.{signature}", "token.compact-form"
    yield "a letter beyond ASCII", f"{header}.é{payload}.{signature}", "token.compact-form"
    yield "half of a surrogate pair", f"{header}.\ud800{payload}.{signature}", "token.compact-form"
    yield "two tokens", f"{valid},{valid}", "token.compact-form"
    yield "one character too long", "a" * 8193, "token.size"
    yield "a valid start, and 16 KiB", valid + "a" * 16384, "token.size"


def _header_texts(header: str, payload: str, signature: str) -> _Cases:
    texts = {
        "one character": None,
        "no UTF-8": b'{"alg":"ES256","typ":"\xff"}',
        "UTF-16": '{"alg":"ES256"}'.encode("utf-16"),
        "a byte order mark": b"\xef\xbb\xbf" + json.dumps(_decoded(header)).encode(),
        "no JSON": b"alg=ES256",
        "cut JSON": b'{"alg":"ES256"',
        "JSON and more": json.dumps(_decoded(header)).encode() + b"{}",
        "a JSON array": b'["ES256"]',
        "a JSON string": b'"ES256"',
        "a JSON number": b"256",
        "null": b"null",
        "a member twice": b'{"alg":"none",' + json.dumps(_decoded(header)).encode()[1:],
        "a member twice, once escaped": b'{"\\u0061lg":"none",' + json.dumps(_decoded(header)).encode()[1:],
        "NaN": b'{"alg":"ES256","x":NaN}',
        "a number of 4,500 digits": b'{"alg":"ES256","x":' + b"9" * 4500 + b"}",
        "a number beyond a double": b'{"alg":"ES256","x":1e400}',
        "half of a surrogate pair": b'{"alg":"ES256","kid":"\\ud800"}',
        "deep nesting": b'{"alg":"ES256","x":' + b"[" * 2000 + b"]" * 2000 + b"}",
        "deep nesting, never closed": b'{"x":' * 900,
    }
    for name, text in texts.items():
        part = encoded(text) if text is not None else "e"
        yield f"header: {name}", f"{part}.{payload}.{signature}", "token.header"
    # The last character of a part holds spare bits, unless its octets are a multiple of three.
    spare = encoded(json.dumps(_decoded(header)).encode().ljust(3 * len(header) + 1))
    yield "header: spare bits set", f"{spare[:-1]}h.{payload}.{signature}", "token.header"


def _header_members(header: str, payload: str, signature: str) -> _Cases:
    members = _decoded(header)

    def changed(**changes: Any) -> str:
        return f"{encoded({**members, **changes})}.{payload}.{signature}"

    def without(name: str) -> str:
        return f"{encoded({k: v for k, v in members.items() if k != name})}.{payload}.{signature}"

    yield "header: no members", f"{encoded(b'{}')}.{payload}.{signature}", "token.type"
    yield "no type", without("typ"), "token.type"
    for typ in ("JWT", "at+jwt ", "application/jwt", "logout+jwt", "", None, 1, ["at+jwt"], {"at+jwt": 1}):
        yield f"type {typ!r}", changed(typ=typ), "token.type"
    yield "no algorithm", without("alg"), "token.algorithm"
    for alg in (
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "HS512",
        "RS256",
        "PS256",
        "ES384",
        "ES256K",
        "EdDSA",
    ):
        rule = "token.unsigned" if alg.lower() == "none" else "token.algorithm"
        if alg in ("PS256", "EdDSA"):
            rule = "token.unknown-key"  # accepted of an issuer that has such a key
        yield f"algorithm {alg!r}", changed(alg=alg), rule
    for odd in ("es256", "ES256 ", None, 0, True, ["ES256"], {"ES256": None}):
        yield f"algorithm {odd!r}", changed(alg=odd), "token.algorithm"
    yield (
        "algorithm none, no signature",
        f"{encoded({**members, 'alg': 'none'})}.{payload}.",
        "token.unsigned",
    )
    for crit in (["exp"], ["b64"], [], None, "exp"):
        yield f"critical {crit!r}", changed(crit=crit), "token.critical"
    yield "no key identifier", without("kid"), "token.key-identifier"
    for kid in ("", None, 1, True, ["key"], {"kid": "key"}):
        yield f"key identifier {kid!r}", changed(kid=kid), "token.key-identifier"
    for kid in ("unknown", "../../../dev/null", "' OR 1=1 --", "k" * 3000, "\0", "é"):
        yield f"unknown key {kid[:20]!r}", changed(kid=kid), "token.unknown-key"
    yield "an unencoded payload", changed(b64=False), "token.signature"
    yield "a header that was not signed", changed(jku="https://thief.example/keys"), "token.signature"


def _signatures(header: str, payload: str, signature: str) -> _Cases:
    signed = f"{header}.{payload}"
    octets = base64.urlsafe_b64decode(signature + "==")
    order = bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
    other = {
        "nothing": b"",
        "one octet": octets[:1],
        "cut": octets[:-1],
        "one octet more": octets + b"\0",
        "twice": octets + octets,
        "zeros": bytes(64),
        "ones": bytes(31) + b"\1" + bytes(31) + b"\1",
        "the order of the curve": order + order,
        "one bit changed": octets[:-1] + bytes([octets[-1] ^ 1]),
        "the halves exchanged": octets[32:] + octets[:32],
    }
    for name, value in other.items():
        yield f"signature: {name}", f"{signed}.{encoded(value)}", "token.signature"
    yield "signature: one character", f"{signed}.e", "token.signature"
    # 64 octets leave four spare bits in the last character: A, Q, g or w are the canonical ones.
    yield (
        "signature: spare bits set",
        f"{signed}.{signature[:-1]}{chr(ord(signature[-1]) + 1)}",
        "token.signature",
    )


def _payloads(header: str, payload: str, signature: str) -> _Cases:
    claims = _decoded(payload)
    texts: dict[str, bytes | dict[str, Any]] = {
        "a claim changed": {**claims, "sub": "thief"},
        "a claim more": {**claims, "admin": True},
        "no members": b"{}",
        "no JSON": b"claims",
        "no UTF-8": b"\xff\xfe",
        "deep nesting": b"[" * 3000,
    }
    for name, text in texts.items():
        yield f"payload: {name}", f"{header}.{encoded(text)}.{signature}", "token.signature"


_MAKERS = (_forms, _header_texts, _header_members, _signatures, _payloads)

ABSENT = object()
"""In place of a claim's value: the claim is left out."""

_THUMBPRINT = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
_NO_TEXT: list[Any] = [None, "", 1, True, ["partner"], {"value": "partner"}]
_NO_TIME: list[Any] = [
    None,
    True,
    False,
    "1772366400",
    "",
    [],
    {},
    -1,
    -0.5,
    1e300,
    10**20,
    10**400,
    253402300800,
]
_NO_AUDIENCE: list[Any] = [
    None,
    "",
    [],
    {},
    1,
    True,
    [None],
    [""],
    ["https://api.example", 1],
    [["https://api.example"]],
]
_OTHER_ISSUERS: list[Any] = [
    "https://as.example/",
    "https://AS.example",
    "http://as.example",
    "https://thief.example",
]
_OTHER_AUDIENCES: list[Any] = [
    "https://other-api.example",
    "https://api.example/",
    "https://API.example",
    "api.example",
    ["https://other-api.example", "https://api.example.thief.example"],
]
_NO_CONFIRMATION: list[Any] = [None, {}, [], "", 1, True, _THUMBPRINT]

# The claims, the values of which each is one malformed token, the rule.
_CLAIM_VALUES: tuple[tuple[tuple[str, ...], list[Any], str], ...] = (
    (("iss", "exp", "aud", "sub", "client_id", "iat", "jti"), [ABSENT], "token.claim-missing"),
    (("iss", "sub", "client_id", "jti"), _NO_TEXT, "token.claim-type"),
    (("exp", "iat", "nbf"), _NO_TIME, "token.claim-type"),
    (("aud",), _NO_AUDIENCE, "token.claim-type"),
    (("scope",), [None, 1, [1], ["accounts payments"], {}], "token.claim-type"),
    (("iss",), _OTHER_ISSUERS, "token.issuer"),
    (("aud",), _OTHER_AUDIENCES, "token.audience"),
    (("cnf",), _NO_CONFIRMATION, "confirmation.malformed"),
    (("cnf",), [{"x5t#S256": _THUMBPRINT, "jkt": _THUMBPRINT}], "confirmation.more-than-one"),
    (("cnf",), [{"x5t": _THUMBPRINT}], "confirmation.unknown"),
    (("cnf",), [{"x5t#S256": _THUMBPRINT + "="}], "confirmation.malformed-thumbprint"),
)

# Name, the claim, its value, the rule.
MALFORMED_CLAIMS: tuple[tuple[str, str, Any, str], ...] = tuple(
    (f"no {claim}" if value is ABSENT else f"{claim} {value!r}"[:60], claim, value, rule)
    for claims, values, rule in _CLAIM_VALUES
    for claim in claims
    for value in values
)
