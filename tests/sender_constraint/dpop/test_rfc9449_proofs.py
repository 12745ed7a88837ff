"""DPoP proofs, each check of RFC 9449 §4.3 with one thing changed in a valid proof."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.core.errors import (
    InvalidDpopProof,
    InvalidToken,
    Refusal,
    TemporarilyUnavailable,
    UseDpopNonce,
)
from sender_constraint.core.replay import MEMORY_AWAY
from sender_constraint.core.rules import Rule
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.dpop import checks
from sender_constraint.dpop.nonces import Nonces
from sender_constraint.dpop.proof import presented_proofs
from sender_constraint.jose import jwk, jws
from sender_constraint.jose.jwk import jwk_of
from tests.sender_constraint.dpop.proofs import (
    ABSENT,
    KEY,
    KEYS,
    NONCES,
    OTHER_KEY,
    URL,
    Memory,
    claims,
    header,
    proof,
    signed,
    verify,
)
from tests.sender_constraint.pki import NOW

pytestmark = pytest.mark.clause("RFC 9449 §4.3")

VALID = proof()
TOKEN = "the.access.token"  # what it is does not matter
AT = int(NOW.timestamp())


def refusal_of(presented: str | tuple[str, ...], **more: Any) -> Refusal:
    memory = Memory()
    with pytest.raises(Refusal) as refused:
        verify(presented, memory, **more)
    assert memory.shown == {}, "what is refused uses up no jti"
    if isinstance(presented, str) and presented:
        assert presented not in str(refused.value.detail)
    return refused.value


@pytest.mark.parametrize("algorithm", jws.ALGORITHMS)
def test_a_valid_proof_is_verified_with_each_algorithm(algorithm: str) -> None:
    key = KEYS[algorithm]
    verified = verify(proof(key))
    assert verified.thumbprint == jwk_thumbprint(jwk_of(key))
    assert (verified.algorithm, verified.identifier, verified.issued_at) == (algorithm, "4f0c2a3e", NOW)


@pytest.mark.clause("RFC 9449 §7")
def test_no_proof_is_refused() -> None:
    refusal = refusal_of(())
    assert (refusal.rule, refusal.code, refusal.status) == (checks.MISSING, "invalid_dpop_proof", 400)


@pytest.mark.parametrize("separator", [",", ", ", " ,"])
def test_two_proofs_are_refused_even_if_each_is_good(separator: str) -> None:
    both = presented_proofs(separator.join([VALID, proof(jti="another")]))
    assert refusal_of(both).rule is checks.MORE_THAN_ONE
    assert refusal_of(presented_proofs(f"{VALID},")).rule is checks.MORE_THAN_ONE


def test_one_header_is_one_proof_and_no_header_is_none() -> None:
    assert presented_proofs(None) == ()
    assert presented_proofs(f" {VALID} ") == (VALID,)
    assert refusal_of(presented_proofs("")).rule is checks.FORM


def cases() -> list[tuple[str, str, Rule]]:
    head, payload, signature = VALID.split(".")
    private = {**jwk_of(KEY), "d": jws.encode(KEY.private_numbers().private_value.to_bytes(32, "big"))}
    return [
        ("empty", "", checks.FORM),
        ("two parts", f"{head}.{payload}", checks.FORM),
        ("five parts", f"{head}.{payload}.{payload}.{payload}.{signature}", checks.FORM),
        ("padding", f"{head}=.{payload}.{signature}", checks.FORM),
        ("scheme before it", f"DPoP {VALID}", checks.FORM),
        ("too long", proof(padding="x" * 9000), checks.FORM),
        ("header no JSON", signed(b"{", claims()), checks.HEADER),
        ("header a list", signed(b"[]", claims()), checks.HEADER),
        (
            "header twice",
            signed(b'{"alg":"none",' + json.dumps(header()).encode()[1:], claims()),
            checks.HEADER,
        ),
        ("payload no JSON", signed(header(), b"{"), checks.PAYLOAD),
        (
            "payload twice",
            signed(header(), b'{"htm":"GET",' + json.dumps(claims()).encode()[1:]),
            checks.PAYLOAD,
        ),
        ("no jti", proof(jti=ABSENT), checks.CLAIM_MISSING),
        ("no htm", proof(htm=ABSENT), checks.CLAIM_MISSING),
        ("no htu", proof(htu=ABSENT), checks.CLAIM_MISSING),
        ("no iat", proof(iat=ABSENT), checks.CLAIM_MISSING),
        ("jti empty", proof(jti=""), checks.CLAIM_TYPE),
        ("jti a number", proof(jti=7), checks.CLAIM_TYPE),
        ("jti too long", proof(jti="x" * 513), checks.CLAIM_TYPE),
        ("htm null", proof(htm=None), checks.CLAIM_TYPE),
        ("htu a list", proof(htu=[URL]), checks.CLAIM_TYPE),
        ("iat a text", proof(iat=str(AT)), checks.CLAIM_TYPE),
        ("iat true", proof(iat=True), checks.CLAIM_TYPE),
        ("iat no time", proof(iat=1e300), checks.CLAIM_TYPE),
        ("nonce a number", proof(nonce=1), checks.CLAIM_TYPE),
        ("ath null", proof(ath=None), checks.CLAIM_TYPE),
        ("typ JWT", signed(header(typ="JWT"), claims()), checks.WRONG_TYPE),
        ("typ at+jwt", signed(header(typ="at+jwt"), claims()), checks.WRONG_TYPE),
        ("no typ", signed(header(typ=ABSENT), claims()), checks.WRONG_TYPE),
        ("none", signed(header(alg="none"), claims()), checks.UNSIGNED),
        ("nOnE", signed(header(alg="nOnE"), claims()), checks.UNSIGNED),
        ("HS256", signed(header(alg="HS256"), claims()), checks.ALGORITHM),
        ("RS256", signed(header(alg="RS256"), claims()), checks.ALGORITHM),
        ("ES384", signed(header(alg="ES384"), claims()), checks.ALGORITHM),
        ("es256", signed(header(alg="es256"), claims()), checks.ALGORITHM),
        ("no alg", signed(header(alg=ABSENT), claims()), checks.ALGORITHM),
        ("alg a list", signed(header(alg=["ES256"]), claims()), checks.ALGORITHM),
        ("crit", signed(header(crit=["b64"]), claims()), checks.CRITICAL),
        ("no jwk", signed(header(jwk=ABSENT), claims()), checks.KEY_MISSING),
        ("kid in its place", signed(header(jwk=ABSENT, kid="1"), claims()), checks.KEY_MISSING),
        ("jwk null", signed(header(jwk=None), claims()), jwk.MALFORMED),
        ("jwk symmetric", signed(header(jwk={"kty": "oct", "k": "AQ"}), claims()), jwk.SYMMETRIC),
        ("jwk private", signed(header(jwk=private), claims()), jwk.PRIVATE),
        ("jwk for encryption", signed(header(jwk={**jwk_of(KEY), "use": "enc"}), claims()), jwk.PURPOSE),
        ("alg of another key", signed(header(alg="PS256"), claims()), checks.ALGORITHM_OF_KEY),
        ("another key's signature", signed(header(), claims(), OTHER_KEY), checks.SIGNATURE),
        ("no signature", f"{head}.{payload}.", checks.SIGNATURE),
        (
            "changed",
            f"{head}.{jws.encode(json.dumps(claims(jti='2')).encode())}.{signature}",
            checks.SIGNATURE,
        ),
        ("another method", proof(htm="GET"), checks.METHOD),
        ("another case", proof(htm="post"), checks.METHOD),
        ("another path", proof(htu="https://as.example/revoke"), checks.URL),
        ("another host", proof(htu="https://thief.example/token"), checks.URL),
        ("another scheme", proof(htu="http://as.example/token"), checks.URL),
        ("another port", proof(htu="https://as.example:8443/token"), checks.URL),
        ("a path alone", proof(htu="/token"), checks.URL),
        ("user information", proof(htu="https://as.example@thief.example/token"), checks.URL),
        ("a slash more", proof(htu="https://as.example/token/"), checks.URL),
        ("path in capitals", proof(htu="https://as.example/TOKEN"), checks.URL),
        ("no port number", proof(htu="https://as.example:port/token"), checks.URL),
        ("too old", proof(iat=AT - 60), checks.TOO_OLD),
        ("ended", proof(exp=AT), checks.TOO_OLD),
        ("a minute in the future", proof(iat=AT + 60), checks.IN_FUTURE),
        ("not before a minute on", proof(nbf=AT + 60), checks.IN_FUTURE),
    ]


@pytest.mark.parametrize(("presented", "rule"), [case[1:] for case in cases()], ids=[c[0] for c in cases()])
def test_a_proof_with_one_thing_changed_is_refused_for_it(presented: str, rule: Rule) -> None:
    refusal = refusal_of(presented)
    assert refusal.rule is rule
    assert (refusal.code, refusal.status) == ("invalid_dpop_proof", 400)
    assert verify(VALID)


@pytest.mark.clause("RFC 3986 §6.2.2")
@pytest.mark.parametrize(
    "htu",
    [
        "HTTPS://AS.Example/token",
        "https://as.example:443/token",
        "https://as.example:/token",
        "https://as.example/./a/../token",
        "https://as.example/%74oken",
        "https://as.example/token?query=1",
        "https://as.example/token#fragment",
    ],
)
def test_the_address_may_be_spelt_in_all_ways_that_mean_the_same(htu: str) -> None:
    assert verify(proof(htu=htu))


@pytest.mark.clause("RFC 9449 §4.3")
def test_query_and_fragment_of_the_request_do_not_matter() -> None:
    assert verify(proof(htu="https://as.example/a%2fb"), url="https://as.example/a%2Fb?page=2")


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize("seconds", [-59, -10, 0, 10, 30])
def test_clocks_may_differ_by_as_much_as_fapi_says(seconds: int) -> None:
    assert verify(proof(iat=AT + seconds))
    assert verify(proof(iat=AT, nbf=AT + max(seconds, 0)))


@pytest.mark.clause("RFC 9449 §7.1")
def test_a_proof_is_for_one_access_token_and_its_key() -> None:
    thumbprint = jwk_thumbprint(jwk_of(KEY))
    hashed = checks.access_token_hash(TOKEN)
    good: dict[str, Any] = {"access_token": TOKEN, "bound_to": thumbprint}
    assert verify(proof(ath=hashed), **good)

    assert refusal_of(proof(), **good).rule is checks.TOKEN_HASH
    assert refusal_of(proof(ath=checks.access_token_hash("another")), **good).rule is checks.TOKEN_HASH
    assert refusal_of(proof(ath=hashed + "="), **good).rule is checks.TOKEN_HASH
    refusal = refusal_of(proof(OTHER_KEY, ath=hashed), **good)
    assert isinstance(refusal, InvalidToken)
    assert refusal.rule is checks.OTHER_KEY
    assert refusal.detail == {"expected": thumbprint, "presented": jwk_thumbprint(jwk_of(OTHER_KEY))}


@pytest.mark.clause("RFC 9449 §11.1")
def test_a_proof_counts_once_for_as_long_as_its_time_would_let_it_pass() -> None:
    memory = Memory()
    verify(VALID, memory)
    with pytest.raises(InvalidDpopProof) as refused:
        verify(VALID, memory)
    assert refused.value.rule is checks.REPLAYED
    assert set(memory.shown.values()) == {AT + checks.MAX_AGE_SECONDS}

    assert verify(proof(jti="another"), memory)
    assert verify(proof(OTHER_KEY), memory), "another key's jti is another one's"
    verify(proof(jti="early", iat=AT + 30), memory)
    assert max(memory.shown.values()) == AT + checks.MAX_AGE_SECONDS + 30


@pytest.mark.clause("RFC 9449 §11.1")
def test_without_a_memory_nothing_is_accepted() -> None:
    with pytest.raises(TemporarilyUnavailable) as refused:
        verify(VALID, Memory(away=True))
    assert (refused.value.rule, refused.value.status) == (MEMORY_AWAY, 503)


@pytest.mark.clause("RFC 9449 §11.1")
@pytest.mark.parametrize("made_at", [AT - 59, AT, AT + 30])
def test_a_proof_that_may_have_been_used_before_the_epoch_needs_a_nonce_of_the_epoch(made_at: int) -> None:
    memory = Memory()
    used = proof(iat=made_at, nonce=NONCES.current(NOW, memory.epoch))
    verify(used, memory)
    memory.begin_epoch(b"next", began_at=AT)

    named = (
        ABSENT,
        NONCES.current(NOW),
        NONCES.current(NOW, b"epoch"),
        Nonces(b"else").current(NOW, b"next"),
    )
    for presented in (used, *(proof(iat=made_at, nonce=nonce) for nonce in named)):
        with pytest.raises(UseDpopNonce) as refused:
            verify(presented, memory)
        assert refused.value.rule is checks.USE_UNKNOWN
    assert memory.shown == {}

    fresh = proof(iat=made_at, nonce=NONCES.current(NOW, memory.epoch))
    assert verify(fresh, memory)
    with pytest.raises(InvalidDpopProof) as again:
        verify(fresh, memory)
    assert again.value.rule is checks.REPLAYED


@pytest.mark.clause("RFC 9449 §11.1")
def test_a_proof_that_nobody_could_accept_before_the_epoch_needs_no_nonce() -> None:
    memory = Memory(began_at=AT)
    with pytest.raises(UseDpopNonce):
        verify(proof(iat=AT + 30), memory)
    assert verify(proof(iat=AT + 31), memory, now=later(1))


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.mark.clause("RFC 9449 §8")
def test_where_a_nonce_is_demanded_only_one_of_this_server_will_do() -> None:
    assert verify(proof(nonce=NONCES.current(NOW)), nonces=NONCES).nonce == NONCES.current(NOW)
    other_server = Nonces(b"of another server")
    for presented in (ABSENT, "made up", other_server.current(NOW), "\ud800"):
        refusal = refusal_of(proof(nonce=presented), nonces=NONCES)
        assert isinstance(refusal, UseDpopNonce) or refusal.rule is checks.PAYLOAD
        assert presented == "\ud800" or (refusal.rule, refusal.code) == (checks.NONCE, "use_dpop_nonce")


@pytest.mark.clause("RFC 9449 §8.2")
def test_a_nonce_turns_and_the_one_before_counts_until_the_next_turn() -> None:
    first = NONCES.current(NOW)
    assert NONCES.current(later(60)) != first
    assert NONCES.is_good(first, later(60))
    assert not NONCES.is_good(first, later(120))
    assert not NONCES.is_good(NONCES.current(later(60)), NOW)
    assert NONCES.turned(first, NOW) is None
    assert NONCES.turned(first, later(60)) == NONCES.current(later(60))
    assert NONCES.turned(None, NOW) == first
    assert NONCES.turned(first, NOW, b"epoch") == NONCES.current(NOW, b"epoch")


def test_the_epoch_of_a_nonce_is_read_only_where_this_server_issued_it() -> None:
    issued = NONCES.current(NOW, b"epoch")
    assert NONCES.epoch_of(issued) == b"epoch"
    content = jws.decode(issued)
    forged = [jws.encode(content[:place] + b"x" + content[place + 1 :]) for place in range(len(content))]
    made_up = [None, "", "made up", "\ud800", issued[:-2], f"{issued}=", NONCES.current(NOW)]
    for nonce in [*made_up, *forged, Nonces(b"of another server").current(NOW, b"epoch")]:
        assert NONCES.epoch_of(nonce) == b""
        assert nonce == NONCES.current(NOW) or not NONCES.is_good(nonce or "", NOW)


@pytest.mark.clause("RFC 9449 §8")
def test_all_processes_with_the_same_secret_know_the_same_nonces() -> None:
    assert Nonces(b"of this server", seconds=60).is_good(NONCES.current(NOW), NOW)
    assert b"of this server" not in repr(NONCES).encode()


def test_where_no_nonce_is_demanded_whatever_the_proof_brings_is_ignored() -> None:
    assert verify(proof(nonce="of an earlier time"), nonces=None)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(VALID) - 1), character=st.characters(codec="utf-8"))
def test_no_proof_passes_with_one_character_changed(place: int, character: str) -> None:
    changed = VALID[:place] + character + VALID[place + 1 :]
    if changed == VALID:
        return
    with pytest.raises(InvalidDpopProof):
        verify(presented_proofs(changed))


@given(st.text(max_size=200))
def test_no_text_is_taken_for_a_proof_or_breaks_the_verifier(text: str) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(presented_proofs(text))
