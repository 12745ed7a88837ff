"""DPoP-bound access tokens at the protected resource (RFC 9449 §7 and §9)."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from bank_api.accounts.models import Account
from sender_constraint.core.confirmation import certificate_confirmation, key_confirmation
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.django import authentication
from sender_constraint.dpop.checks import access_token_hash
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from tests.bank_api.caller import Caller, Verdict
from tests.bank_api.conftest import Clock
from tests.sender_constraint.dpop.proofs import KEY, KEYS, OTHER_KEY, Memory, proof
from tests.sender_constraint.pki import Issued

pytestmark = [pytest.mark.django_db, pytest.mark.clause("RFC 9449 §7.1")]

ORIGIN = "https://localhost:8442"


@dataclass(frozen=True)
class Holder:
    """The partner with a token that is bound to its key; ``get`` signs a proof with claims changed."""

    token: str
    clock: Clock
    key: jws.PrivateKey = KEY
    certificates: tuple[bytes, ...] = ()
    scheme: str = "DPoP"

    def proof(self, path: str = "/accounts", **changes: Any) -> str:
        valid = {
            "jti": str(uuid.uuid4()),
            "htm": "GET",
            "htu": ORIGIN + path,
            "iat": int(self.clock().timestamp()),
            "ath": access_token_hash(self.token),
        }
        return proof(self.key, **{**valid, **changes})

    def get(self, path: str = "/accounts", *, shown: str | None = None, **changes: Any) -> Any:
        caller = Caller(self.certificates, self.token, scheme=self.scheme)
        return caller.get(
            path, DPoP=self.proof(path.partition("?")[0], **changes) if shown is None else shown
        )


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory()
    monkeypatch.setattr(authentication, "replay_memory", lambda: memory)
    return memory


@pytest.fixture
def bound(token: Callable[..., str], clock: Clock, memory: Memory) -> Callable[..., Holder]:
    """Makes a holder of a token that is bound to its key."""
    del memory

    def make(key: jws.PrivateKey = KEY, **changes: Any) -> Holder:
        cnf = key_confirmation(jwk_thumbprint(jwk_of(key)))
        return Holder(token(**{"cnf": cnf, **changes}), clock, key)

    return make


@pytest.fixture
def holder(bound: Callable[..., Holder]) -> Holder:
    return bound()


@pytest.mark.parametrize("algorithm", jws.ALGORITHMS)
def test_a_token_with_a_proof_by_its_key_is_accepted(
    bound: Callable[..., Holder], account: Account, verdict: Verdict, algorithm: str
) -> None:
    body = verdict.accepted(bound(KEYS[algorithm]).get("/accounts"))
    assert [each["id"] for each in body["accounts"]] == [str(account.pk)]
    event = verdict.trail.last()
    assert event["key_thumbprint"] == jwk_thumbprint(jwk_of(KEYS[algorithm]))
    assert "certificate_ignored" not in event


@pytest.mark.clause("RFC 9449 §4.3")
def test_the_query_of_a_request_is_not_part_of_its_proof(
    holder: Holder, account: Account, verdict: Verdict
) -> None:
    path = f"/accounts/{account.pk}/transactions"
    verdict.accepted(holder.get(f"{path}?limit=1"))
    assert holder.get(path, htu=f"{ORIGIN}{path}?limit=9#x").status_code == 200


def test_a_certificate_on_the_connection_is_ignored_and_recorded(
    holder: Holder, account: Account, other_certificate: Issued, verdict: Verdict
) -> None:
    del account
    for certificates in ((other_certificate.der,), (b"no certificate",)):
        with_certificate = Holder(holder.token, holder.clock, certificates=certificates)
        verdict.accepted(with_certificate.get())
        assert verdict.trail.last()["certificate_ignored"] is True


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"htm": "POST"}, "dpop.method"),
        ({"htu": f"{ORIGIN}/payments"}, "dpop.url"),
        ({"htu": "https://api.thief.example/accounts"}, "dpop.url"),
        ({"ath": access_token_hash("another")}, "dpop.token-hash"),
        ({"iat": 1562262616}, "dpop.too-old"),
    ],
)
def test_a_proof_for_something_else_is_refused_with_a_challenge_that_says_so(
    holder: Holder, account: Account, verdict: Verdict, changes: dict[str, Any], rule: str
) -> None:
    del account
    event = verdict.refused(holder.get(**changes), 401, "invalid_dpop_proof", rule, "DPoP")
    assert event["client_id"] == "partner"
    verdict.accepted(holder.get())


def test_the_challenge_names_the_algorithms_and_the_other_scheme(holder: Holder) -> None:
    challenge = holder.get(htm="POST").headers["WWW-Authenticate"]
    assert challenge.startswith(f'DPoP realm="{ORIGIN}", error="invalid_dpop_proof", error_description="')
    assert 'algs="ES256 PS256 EdDSA"' in challenge
    assert f', Bearer realm="{ORIGIN}"' in challenge


@pytest.mark.clause("RFC 9449 §7.1")
def test_a_proof_by_another_key_is_refused_as_the_tokens_fault(holder: Holder, verdict: Verdict) -> None:
    thief = Holder(holder.token, holder.clock, OTHER_KEY)
    event = verdict.refused(thief.get(), 401, "invalid_token", "dpop.other-key", "DPoP")
    assert event["detail"]["presented"] == jwk_thumbprint(jwk_of(OTHER_KEY))


def test_without_a_proof_or_with_two_the_token_is_refused(holder: Holder, verdict: Verdict) -> None:
    alone = Caller((), holder.token, scheme="DPoP").get("/accounts")
    verdict.refused(alone, 401, "invalid_dpop_proof", "dpop.missing", "DPoP")
    two = holder.get(shown=f"{holder.proof()}, {holder.proof()}")
    verdict.refused(two, 401, "invalid_dpop_proof", "dpop.more-than-one", "DPoP")


@pytest.mark.clause("RFC 9449 §11.1")
def test_a_proof_is_accepted_once(holder: Holder, account: Account, verdict: Verdict) -> None:
    del account
    shown = holder.proof()
    verdict.accepted(holder.get(shown=shown))
    verdict.refused(holder.get(shown=shown), 401, "invalid_dpop_proof", "dpop.replayed", "DPoP")
    verdict.accepted(holder.get())


@pytest.mark.clause("RFC 9449 §11.1")
def test_while_the_memory_is_away_only_certificate_bound_calls_go_on(
    holder: Holder, partner: Caller, account: Account, memory: Memory, verdict: Verdict
) -> None:
    del account
    memory.away = True
    response = holder.get()
    verdict.problem(response, 503, "service.replay-memory")
    assert response.headers["Retry-After"] == "1"
    verdict.accepted(partner.get("/accounts"))
    memory.away = False
    verdict.accepted(holder.get())


@pytest.mark.clause("RFC 9449 §9")
@pytest.mark.parametrize("required", [False, True], ids=["nonces off", "nonces required"])
def test_after_the_replay_store_lost_everything_a_nonce_of_its_epoch_is_asked_for(
    holder: Holder,
    account: Account,
    memory: Memory,
    clock: Clock,
    verdict: Verdict,
    settings: Any,
    required: bool,
) -> None:
    del account
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": required}
    first = holder.get().headers.get("DPoP-Nonce")
    used = holder.proof(**({"nonce": first} if first else {}))
    verdict.accepted(holder.get(shown=used))
    memory.begin_epoch(b"next", began_at=clock().timestamp())

    refused = holder.get(shown=used)
    verdict.refused(refused, 401, "use_dpop_nonce", "dpop.use-unknown", "DPoP")
    fresh = holder.proof(nonce=refused.headers["DPoP-Nonce"])
    verdict.accepted(holder.get(shown=fresh))
    verdict.refused(holder.get(shown=fresh), 401, "invalid_dpop_proof", "dpop.replayed", "DPoP")


@pytest.mark.clause("RFC 9449 §7.2")
@pytest.mark.parametrize("path", ["/accounts", "/demo/bearer/accounts"])
def test_a_dpop_bound_token_is_no_bearer_token_even_with_its_proof(
    holder: Holder, certificate: Issued, verdict: Verdict, path: str
) -> None:
    downgraded = Holder(holder.token, holder.clock, certificates=(certificate.der,), scheme="Bearer")
    verdict.refused(downgraded.get(path), 401, "invalid_token", "binding.dpop-token-as-bearer")


@pytest.mark.parametrize("path", ["/accounts", "/demo/bearer/accounts"])
def test_a_certificate_bound_token_is_none_for_dpop_even_with_its_certificate(
    token: Callable[..., str],
    clock: Clock,
    certificate: Issued,
    memory: Memory,
    verdict: Verdict,
    path: str,
) -> None:
    bound = token(cnf=certificate_confirmation(certificate.der))
    shown = Holder(bound, clock, certificates=(certificate.der,))
    verdict.refused(shown.get(path), 401, "invalid_token", "binding.other-token-as-dpop", "DPoP")
    assert memory.shown == {}


@pytest.mark.parametrize("path", ["/accounts", "/demo/bearer/accounts"])
def test_a_proof_does_not_bind_an_unbound_token(
    token: Callable[..., str], clock: Clock, verdict: Verdict, path: str
) -> None:
    unbound = Holder(token(cnf=None, sub="partner-bearer", client_id="partner-bearer"), clock)
    verdict.refused(unbound.get(path), 401, "invalid_token", "binding.other-token-as-dpop", "DPoP")


def test_a_token_with_both_confirmations_is_refused_in_both_schemes(
    token: Callable[..., str], clock: Clock, certificate: Issued, verdict: Verdict
) -> None:
    cnf = certificate_confirmation(certificate.der) | key_confirmation(jwk_thumbprint(jwk_of(KEY)))
    for scheme in ("Bearer", "DPoP"):
        shown = Holder(token(cnf=cnf), clock, certificates=(certificate.der,), scheme=scheme)
        verdict.refused(shown.get(), 401, "invalid_token", "confirmation.more-than-one", scheme)


@pytest.mark.clause("RFC 9449 §9")
def test_where_the_api_demands_a_nonce_it_gives_one_and_takes_it(
    holder: Holder, account: Account, verdict: Verdict, settings: Any
) -> None:
    del account
    assert "DPoP-Nonce" not in holder.get().headers
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": True}
    refused = holder.get()
    verdict.refused(refused, 401, "use_dpop_nonce", "dpop.nonce", "DPoP")
    nonce = refused.headers["DPoP-Nonce"]
    accepted = holder.get(nonce=nonce)
    verdict.accepted(accepted)
    assert "DPoP-Nonce" not in accepted.headers
    verdict.refused(holder.get(nonce="made up"), 401, "use_dpop_nonce", "dpop.nonce", "DPoP")


@pytest.mark.clause("RFC 9449 §8.2")
def test_a_nonce_that_turned_is_taken_once_more_and_the_next_one_given(
    holder: Holder, account: Account, clock: Clock, verdict: Verdict, settings: Any
) -> None:
    del account
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": True}
    first = holder.get().headers["DPoP-Nonce"]
    clock.now += timedelta(seconds=settings.SENDER_CONSTRAINT["DPOP_NONCE_SECONDS"])
    turned = holder.get(nonce=first)
    verdict.accepted(turned)
    assert turned.headers["DPoP-Nonce"] != first
    clock.now += timedelta(seconds=settings.SENDER_CONSTRAINT["DPOP_NONCE_SECONDS"])
    verdict.refused(holder.get(nonce=first), 401, "use_dpop_nonce", "dpop.nonce", "DPoP")
    assert "DPoP-Nonce" not in holder.get(nonce=holder.get().headers["DPoP-Nonce"]).headers


def test_a_token_that_lacks_the_scope_is_told_so_in_its_scheme(
    bound: Callable[..., Holder], verdict: Verdict
) -> None:
    response = bound(scope="payments").get()
    verdict.refused(response, 403, "insufficient_scope", "token.scope", "DPoP")


def test_a_key_on_another_curve_is_refused(holder: Holder, verdict: Verdict) -> None:
    _, payload, signature = holder.proof().split(".")
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-384", "x": "AQ", "y": "AQ"}}
    shown = f"{jws.encode(json.dumps(header).encode())}.{payload}.{signature}"
    verdict.refused(holder.get(shown=shown), 401, "invalid_dpop_proof", "jwk.kind", "DPoP")
