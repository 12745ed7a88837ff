import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.rules import Rule
from sender_constraint.resource_server import access_token
from sender_constraint.resource_server import claims as claim_checks
from sender_constraint.resource_server.access_token import VerifiedToken
from sender_constraint.resource_server.issuer_keys import KeysUnavailable
from tests.sender_constraint.pki import NOW
from tests.sender_constraint.resource_server.malformed_tokens import (
    ABSENT,
    MALFORMED_CLAIMS,
    MalformedToken,
    encoded,
    malformed_tokens,
)
from tests.sender_constraint.resource_server.tokens import (
    HEADER,
    ISSUED_AT,
    ISSUER,
    LIFETIME,
    RESOURCE,
    SIGNING_KEY,
    at,
    claims,
    public_jwk,
    sign,
    verifier,
)

VALID = sign(claims())
CORPUS = malformed_tokens(VALID)


def refusal_of(token: str, now: datetime = NOW) -> InvalidToken:
    with pytest.raises(InvalidToken) as refused:
        verifier(now).verify(token)
    assert verifier().verify(VALID)
    assert token not in str(refused.value.detail)
    return refused.value


@pytest.mark.clause("RFC 9068 §4")
def test_a_valid_token_is_verified_and_its_claims_are_typed() -> None:
    token = verifier().verify(VALID)
    assert token == VerifiedToken(
        issuer=ISSUER,
        subject="partner",
        client_id="partner",
        audience=(RESOURCE,),
        scopes=frozenset({"accounts", "payments"}),
        identifier="0d1c5f",
        issued_at=NOW,
        expires_at=at(LIFETIME),
        confirmation=token.confirmation,
        claims=claims(),
    )
    assert token.confirmation is not None
    assert token.confirmation.thumbprint == claims()["cnf"]["x5t#S256"]


def test_the_claims_of_a_verified_token_cannot_be_changed() -> None:
    token = verifier().verify(VALID)
    with pytest.raises(TypeError):
        token.claims["sub"] = "thief"  # type: ignore[index]


@pytest.mark.clause("RFC 9068 §4")
@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
def test_both_spellings_of_the_type_are_accepted(typ: str) -> None:
    assert verifier().verify(sign(claims(), {**HEADER, "typ": typ}))


@pytest.mark.clause("RFC 7519 §4.1.3")
def test_the_resource_may_be_one_of_several_audiences() -> None:
    token = verifier().verify(sign(claims(aud=["https://other-api.example", RESOURCE])))
    assert token.audience == ("https://other-api.example", RESOURCE)


@pytest.mark.parametrize(
    ("scope", "scopes"), [(ABSENT, set()), ("", set()), ("accounts", {"accounts"}), ("a  b", {"a", "b"})]
)
def test_scopes_are_a_set_that_may_be_empty(scope: object, scopes: set[str]) -> None:
    assert verifier().verify(sign(claims(scope=scope))).scopes == scopes


def test_a_token_without_cnf_has_no_confirmation() -> None:
    assert verifier().verify(sign(claims(cnf=ABSENT))).confirmation is None


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_a_malformed_token_is_refused_for_its_reason(case: MalformedToken) -> None:
    refusal = refusal_of(case.token)
    assert refusal.rule.identifier == case.rule
    assert (refusal.code, refusal.status) == ("invalid_token", 401)


def test_the_corpus_names_each_token_once() -> None:
    names = [case.name for case in CORPUS]
    assert len(names) == len(set(names))
    assert len(names) > 100


@pytest.mark.parametrize(
    ("claim", "value", "rule"),
    [case[1:] for case in MALFORMED_CLAIMS],
    ids=[case[0] for case in MALFORMED_CLAIMS],
)
def test_a_claim_that_is_not_as_it_must_be_is_refused_for_its_reason(
    claim: str, value: object, rule: str
) -> None:
    assert refusal_of(sign(claims(**{claim: value}))).rule.identifier == rule


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"claims"',
        b"\xff",
        b"\xef\xbb\xbf{}",
        json.dumps(claims()).encode()[:-1] + b',"sub":"thief"}',
        json.dumps(claims()).encode()[:-1] + b',"\\u0073ub":"thief"}',
        json.dumps(claims(exp=0)).encode().replace(b'"exp": 0', b'"exp": NaN'),
        json.dumps(claims(exp=0)).encode().replace(b'"exp": 0', b'"exp": Infinity'),
        json.dumps(claims(exp=0)).encode().replace(b'"exp": 0', b'"exp": 1e400'),
        json.dumps(claims(x=0)).encode().replace(b'"x": 0', b'"x": ' + b"[" * 9 + b"]" * 9),
        json.dumps(claims(x=0)).encode().replace(b'"x": 0', b'"x": "\\ud800"'),
    ],
    ids=lambda payload: repr(payload[-24:]),
)
def test_a_signed_payload_with_more_than_one_reading_is_refused(payload: bytes) -> None:
    refusal = refusal_of(sign(payload))
    assert refusal.rule in (access_token.PAYLOAD, access_token.COMPACT_FORM)
    assert refusal.rule is (access_token.PAYLOAD if payload else access_token.COMPACT_FORM)


@pytest.mark.clause("RFC 8725 §3.1")
def test_the_public_key_is_no_hmac_secret() -> None:
    for secret in (
        SIGNING_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        SIGNING_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(public_jwk()).encode(),
    ):
        signed = f"{encoded({**HEADER, 'alg': 'HS256'})}.{encoded(claims())}"
        forged = f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"
        assert refusal_of(forged).rule is access_token.ALGORITHM


@pytest.mark.clause("RFC 8725 §3.10")
def test_a_key_that_the_token_brings_along_verifies_nothing() -> None:
    thief = ec.generate_private_key(ec.SECP256R1())
    brought: dict[str, Any] = {"jwk": public_jwk(thief), "jku": "https://thief.example/keys"}
    assert refusal_of(sign(claims(), {**HEADER, **brought}, thief)).rule is access_token.SIGNATURE
    assert verifier().verify(sign(claims(), {**HEADER, **brought}))


@pytest.mark.clause("RFC 9068 §4")
def test_another_payload_under_a_valid_signature_is_refused() -> None:
    header, _, signature = VALID.split(".")
    changed = claims(cnf={"x5t#S256": "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"})
    assert refusal_of(f"{header}.{encoded(changed)}.{signature}").rule is access_token.SIGNATURE


@pytest.mark.clause("RFC 7518 §3.4")
def test_a_signature_in_der_is_refused() -> None:
    header, payload, signature = VALID.split(".")
    raw = jwt.utils.base64url_decode(signature)
    der = jwt.utils.raw_to_der_signature(raw, SIGNING_KEY.curve)
    assert refusal_of(f"{header}.{payload}.{encoded(der)}").rule is access_token.SIGNATURE


@pytest.mark.clause("RFC 9068 §4")
@pytest.mark.parametrize(
    ("changes", "offset_seconds", "rule"),
    [
        ({}, LIFETIME + 4.9, None),
        ({}, LIFETIME + 5, claim_checks.EXPIRED),
        ({}, LIFETIME + 3600, claim_checks.EXPIRED),
        ({"exp": ISSUED_AT + 0.5}, 5.4, None),
        ({"exp": ISSUED_AT + 0.5}, 5.5, claim_checks.EXPIRED),
        ({"exp": 0}, 0, claim_checks.EXPIRED),
        ({}, -45, None),
        ({}, -45.1, claim_checks.ISSUED_IN_FUTURE),
        ({"nbf": ISSUED_AT + 60}, 15, None),
        ({"nbf": ISSUED_AT + 60}, 14.9, claim_checks.NOT_YET_VALID),
        ({"nbf": ISSUED_AT - 60}, 0, None),
    ],
)
def test_both_edges_of_clock_skew_are_where_the_leeway_puts_them(
    changes: dict[str, Any], offset_seconds: float, rule: Rule | None
) -> None:
    token = sign(claims(**changes))
    if rule is None:
        assert verifier(at(offset_seconds)).verify(token)
    else:
        assert refusal_of(token, at(offset_seconds)).rule is rule


def test_without_leeway_the_edges_are_the_claims_own() -> None:
    none: dict[str, Any] = {"leeway_seconds": 0, "future_seconds": 0}
    assert verifier(at(0), **none).verify(VALID)
    assert verifier(at(LIFETIME - 0.001), **none).verify(VALID)
    for moment in (at(-0.001), at(LIFETIME)):
        with pytest.raises(InvalidToken):
            verifier(moment, **none).verify(VALID)


def test_a_token_that_ends_with_the_calendar_is_no_fault() -> None:
    assert verifier().verify(sign(claims(exp=253402300799))).expires_at == datetime(
        9999, 12, 31, 23, 59, 59, tzinfo=UTC
    )


def test_keys_that_cannot_be_had_are_no_fault_of_the_token() -> None:
    class NoKeys:
        def key(self, key_identifier: str, algorithm: str) -> ec.EllipticCurvePublicKey | None:
            del algorithm
            raise KeysUnavailable(f"no keys, nor {key_identifier}", 1)

    away = access_token.AccessTokenVerifier(ISSUER, RESOURCE, NoKeys(), lambda: NOW)
    with pytest.raises(KeysUnavailable):
        away.verify(VALID)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "typ": st.just("at+jwt") | json_values,
        "alg": st.just("ES256") | json_values,
        "kid": st.just("key-1") | json_values,
        "crit": json_values,
        "b64": json_values,
    },
)
claim_changes = st.dictionaries(
    st.sampled_from(["iss", "exp", "aud", "sub", "client_id", "iat", "jti", "nbf", "scope", "cnf"]),
    json_values,
    max_size=3,
)


def verify_or_refuse(token: str) -> VerifiedToken | None:
    try:
        return verifier().verify(token)
    except InvalidToken:
        return None


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=80) | st.text(alphabet="ey.JhbGci-_=", max_size=80))
def test_any_text_raises_nothing_but_invalid_token(text: str) -> None:
    assert verify_or_refuse(text) is None


@settings(max_examples=500, deadline=None)
@given(headers | json_values, st.just(claims()) | json_values)
def test_any_header_and_payload_raise_nothing_but_invalid_token(header: Any, payload: Any) -> None:
    token = sign(json.dumps(payload).encode(), json.dumps(header).encode())
    assert verify_or_refuse(token) is None or (header["alg"], header["kid"]) == ("ES256", "key-1")


@settings(max_examples=500, deadline=None)
@given(claim_changes)
def test_any_signed_claims_raise_nothing_but_invalid_token(changes: dict[str, Any]) -> None:
    token = verify_or_refuse(sign(json.dumps(claims(**changes)).encode()))
    assert token is None or token.issuer == ISSUER


@settings(max_examples=500, deadline=None)
@given(st.integers(0, len(VALID) - 1), st.text(alphabet="AZaz09-_.=+\0é", min_size=1, max_size=3))
def test_a_valid_token_with_any_characters_exchanged_is_refused(position: int, text: str) -> None:
    changed = VALID[:position] + text + VALID[position + len(text) :]
    assert (verify_or_refuse(changed) is not None) is (changed == VALID)
