"""RFC 9449 §5, §5.2, §8: tokens bound to the key of a proof, and what the client registered decides."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from authserver.clients.models import Client
from authserver.clients.registered_client import RegisteredClient
from sender_constraint.core.thumbprints import certificate_thumbprint, jwk_thumbprint
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.asserting import CLIENT_ID, DPOP_KEY, ISSUER, METADATA, STRANGERS_KEY, Asserting
from tests.authserver.caller import Caller, Verdict
from tests.sender_constraint.dpop.proofs import ABSENT, Memory
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue

KEY = {"jkt": jwk_thumbprint(jwk_of(DPOP_KEY))}
SECONDS = int(NOW.timestamp())


def claims_of(answer: dict[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(answer["access_token"], options={"verify_signature": False})
    return claims


@pytest.fixture
def asserting(
    registered: Callable[..., RegisteredClient],
    now: list[datetime],  # noqa: ARG001 - a fixture used for its effect
) -> Asserting:
    registered(**METADATA)
    return Asserting(Caller(CLIENT_ID, ()))


@pytest.fixture
def by_certificate(registered: Callable[..., RegisteredClient], partner: Caller) -> Callable[..., Any]:
    """The partner, authenticated by its certificate, with DPoP."""
    registered(tls_client_certificate_bound_access_tokens=False, dpop_bound_access_tokens=True)
    maker = Asserting(partner)
    return lambda proof="": partner.but(
        headers={} if proof is None else {"DPoP": proof or maker.proof()}
    ).asks()


@pytest.mark.clause("RFC 9449 §5")
def test_a_token_is_bound_to_the_key_of_the_proof_and_says_so(asserting: Asserting, verdict: Verdict) -> None:
    answer = verdict.accepted(asserting.asks())
    assert answer["token_type"] == "DPoP"
    assert claims_of(answer)["cnf"] == KEY
    assert verdict.trail.last()["detail"]["jkt"] == KEY["jkt"]


@pytest.mark.clause("RFC 9449 §5")
def test_a_client_of_the_pki_gets_the_same_and_its_certificate_does_not_end_it(
    by_certificate: Callable[..., Any], verdict: Verdict, now: list[datetime]
) -> None:
    answer = verdict.accepted(by_certificate())
    assert (answer["token_type"], claims_of(answer)["cnf"]) == ("DPoP", KEY)
    now[0] = NOW + timedelta(seconds=3570)
    late = Asserting(Caller("", ())).proof(iat=SECONDS + 3570)
    assert verdict.accepted(by_certificate(late))["expires_in"] == 300


@pytest.mark.clause("RFC 9449 §5.2")
def test_without_a_proof_such_a_client_gets_nothing(
    asserting: Asserting, by_certificate: Callable[..., Any], verdict: Verdict
) -> None:
    verdict.accepted(asserting.asks())
    verdict.refused(asserting.asks(proof=None), 400, "invalid_dpop_proof", "dpop.missing")
    verdict.accepted(by_certificate())
    refused = by_certificate(None)
    verdict.refused(refused, 400, "invalid_dpop_proof", "dpop.missing")
    assert "WWW-Authenticate" not in refused.headers


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"htm": "GET"}, "dpop.method"),
    ({"htu": f"{ISSUER}/introspect"}, "dpop.url"),
    ({"htu": "https://evil.example/token"}, "dpop.url"),
    ({"iat": SECONDS + 60}, "dpop.in-future"),
    ({"iat": SECONDS - 600}, "dpop.too-old"),
    ({"jti": ABSENT}, "dpop.claim-missing"),
]


@pytest.mark.clause("RFC 9449 §4.3")
@pytest.mark.parametrize(("changed", "rule"), WRONG, ids=lambda value: str(value)[:40])
def test_a_proof_that_is_wrong_in_one_thing_is_refused(
    asserting: Asserting, verdict: Verdict, changed: dict[str, Any], rule: str
) -> None:
    verdict.accepted(asserting.asks())
    verdict.refused(asserting.asks(proof=asserting.proof(**changed)), 400, "invalid_dpop_proof", rule)


@pytest.mark.clause("RFC 9449 §11.1")
def test_a_proof_counts_once_and_two_are_too_many(asserting: Asserting, verdict: Verdict) -> None:
    once = asserting.proof()
    verdict.accepted(asserting.asks(proof=once))
    verdict.refused(asserting.asks(proof=once), 400, "invalid_dpop_proof", "dpop.replayed")
    two = f"{asserting.proof()}, {asserting.proof(key=STRANGERS_KEY)}"
    verdict.refused(asserting.asks(proof=two), 400, "invalid_dpop_proof", "dpop.more-than-one")


@pytest.mark.clause("RFC 9449 §8")
@pytest.mark.parametrize("by", ["the server", "the client"])
def test_a_required_nonce_is_offered_and_then_taken(
    asserting: Asserting, verdict: Verdict, settings: Any, now: list[datetime], by: str
) -> None:
    verdict.accepted(asserting.asks())
    if by == "the server":
        settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": True}
    else:
        Client.objects.filter(client_id=CLIENT_ID).update(dpop_nonce_required=True)
    asked = asserting.asks()
    verdict.refused(asked, 400, "use_dpop_nonce", "dpop.nonce")
    assert "WWW-Authenticate" not in asked.headers
    nonce = asked.headers["DPoP-Nonce"]
    good = asserting.asks(proof=asserting.proof(nonce=nonce))
    verdict.accepted(good)
    assert "DPoP-Nonce" not in good.headers
    now[0] = NOW + timedelta(seconds=settings.SENDER_CONSTRAINT["DPOP_NONCE_SECONDS"])
    turned = asserting.asks(
        assertion=asserting.assertion(exp=SECONDS + 200),
        proof=asserting.proof(nonce=nonce, iat=SECONDS + settings.SENDER_CONSTRAINT["DPOP_NONCE_SECONDS"]),
    )
    verdict.accepted(turned)
    assert turned.headers["DPoP-Nonce"] not in ("", nonce)


@pytest.mark.clause("RFC 9449 §8")
def test_a_refusal_for_another_reason_brings_the_nonce_too(
    asserting: Asserting, verdict: Verdict, settings: Any
) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": True}
    nonce = asserting.asks().headers["DPoP-Nonce"]
    refused = asserting.asks(proof=asserting.proof(nonce=nonce, htm="GET"))
    verdict.refused(refused, 400, "invalid_dpop_proof", "dpop.method")
    assert refused.headers["DPoP-Nonce"] == nonce


@pytest.mark.clause("RFC 9449 §8")
def test_the_same_assertion_may_come_again_with_the_nonce(
    asserting: Asserting, verdict: Verdict, settings: Any, memory: Memory
) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": True}
    assertion = asserting.assertion()
    asked = asserting.asks(assertion=assertion)
    verdict.refused(asked, 400, "use_dpop_nonce", "dpop.nonce")
    assert not memory.shown
    again = asserting.proof(nonce=asked.headers["DPoP-Nonce"])
    verdict.accepted(asserting.asks(assertion=assertion, proof=again))


def test_whoever_forges_an_assertion_learns_no_nonce(asserting: Asserting, settings: Any) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": True}
    forged = asserting.asks(assertion=asserting.assertion(key=STRANGERS_KEY))
    assert forged.status_code == 401
    assert "DPoP-Nonce" not in forged.headers


@pytest.mark.clause("RFC 9449 §11.1")
def test_without_its_memory_the_server_takes_no_proof_and_binds_to_certificates_as_ever(
    by_certificate: Callable[..., Any], partner: Caller, verdict: Verdict, memory: Memory, registered: Any
) -> None:
    verdict.accepted(by_certificate())
    memory.away = True
    verdict.refused(by_certificate(), 503, "temporarily_unavailable", "service.replay-memory")
    registered()
    verdict.accepted(partner.asks())


@pytest.mark.clause("RFC 9449 §8")
@pytest.mark.parametrize("required", [False, True], ids=["nonces off", "nonces required"])
def test_after_the_replay_store_lost_everything_a_nonce_is_asked_for_and_the_same_assertion_is_accepted(
    asserting: Asserting, verdict: Verdict, memory: Memory, settings: Any, required: bool
) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": required}
    first = asserting.asks().headers.get("DPoP-Nonce")
    used = asserting.proof(**({"nonce": first} if first else {}))
    verdict.accepted(asserting.asks(proof=used))
    memory.begin_epoch(b"next", began_at=SECONDS)

    assertion = asserting.assertion()
    refused = asserting.asks(assertion=assertion, proof=used)
    verdict.refused(refused, 400, "use_dpop_nonce", "dpop.use-unknown")
    nonce = refused.headers["DPoP-Nonce"]
    fresh = asserting.proof(nonce=nonce)
    verdict.accepted(asserting.asks(assertion=assertion, proof=fresh))
    verdict.refused(asserting.asks(proof=fresh), 400, "invalid_dpop_proof", "dpop.replayed")


@pytest.mark.clause("RFC 8705 §3")
def test_with_a_certificate_and_a_proof_the_registered_binding_decides(
    asserting: Asserting,
    verdict: Verdict,
    registered: Callable[..., RegisteredClient],
    partner: Caller,
    partner_certificate: Issued,
) -> None:
    both = Asserting(asserting.caller.with_certificate(partner_certificate))
    assert claims_of(verdict.accepted(both.asks()))["cnf"] == KEY
    bound = METADATA | {
        "dpop_bound_access_tokens": None,
        "tls_client_certificate_bound_access_tokens": True,
    }
    registered(**bound)
    certified = {"x5t#S256": certificate_thumbprint(partner_certificate.der)}
    answer = verdict.accepted(both.asks())
    assert (answer["token_type"], claims_of(answer)["cnf"]) == ("Bearer", certified)
    headers = {"DPoP": asserting.proof()}
    assert claims_of(verdict.accepted(partner.but(headers=headers).asks()))["cnf"] == certified


@pytest.mark.clause("RFC 8705 §3")
def test_a_certificate_that_binds_a_token_is_checked_for_that(
    asserting: Asserting,
    verdict: Verdict,
    registered: Callable[..., RegisteredClient],
    partner_certificate: Issued,
    scheme: Scheme,
    settings: Any,
) -> None:
    registered(
        **METADATA | {"dpop_bound_access_tokens": None, "tls_client_certificate_bound_access_tokens": True}
    )

    def showing(*issued: Issued) -> Any:
        return Asserting(asserting.caller.with_certificate(*issued)).asks(proof=None)

    verdict.accepted(showing(partner_certificate))
    verdict.refused(showing(), 400, "invalid_request", "certificate.missing")
    server = issue(scheme.issuing, usages=None)
    verdict.refused(showing(server), 400, "invalid_request", "certificate.purpose-missing")
    foreign = issue(None, subject="partner")
    verdict.refused(showing(foreign), 400, "invalid_request", "certificate.foreign")
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"ACCEPT_FOREIGN_CERTIFICATES": True}
    verdict.accepted(showing(foreign))
