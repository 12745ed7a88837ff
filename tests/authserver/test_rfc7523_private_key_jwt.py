"""RFC 7523 §3, RFC 7521 §4.2, FAPI 2.0 §5.3.2.1: client authentication by a signed assertion."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from django.db import OperationalError

from authserver.clients.models import Client
from authserver.clients.registered_client import RegisteredClient
from authserver.issued_tokens import one_time_use
from authserver.issued_tokens.models import IssuedToken, OneTimeUse
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.asserting import (
    CLIENT_ID,
    DPOP_KEY,
    ISSUER,
    JWKS,
    KEYS,
    METADATA,
    STRANGERS_KEY,
    Asserting,
)
from tests.authserver.caller import Caller, Verdict
from tests.sender_constraint.dpop.proofs import ABSENT, Memory, signed
from tests.sender_constraint.pki import NOW, Issued

SECONDS = int(NOW.timestamp())


@pytest.fixture
def asserting(
    registered: Callable[..., RegisteredClient],
    now: list[Any],  # noqa: ARG001 - a fixture used for its effect
) -> Asserting:
    registered(**METADATA)
    return Asserting(Caller(CLIENT_ID, ()))


@pytest.mark.clause("RFC 7523 §3")
@pytest.mark.parametrize("algorithm", KEYS)
def test_an_assertion_of_each_algorithm_authenticates(
    asserting: Asserting, verdict: Verdict, algorithm: str
) -> None:
    answer = verdict.accepted(asserting.asks(assertion=asserting.assertion(key=KEYS[algorithm])))
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["client_id"], claims["sub"]) == (CLIENT_ID, CLIENT_ID)
    event = verdict.trail.last()
    assert (event["client_id"], event["section"]) == (CLIENT_ID, "RFC 7523 §2.2")


@pytest.mark.clause("RFC 7521 §4.2")
def test_client_id_is_optional_and_equal(asserting: Asserting, verdict: Verdict) -> None:
    verdict.accepted(asserting.asks())
    verdict.accepted(asserting.asks(client_id=CLIENT_ID))
    verdict.refused(asserting.asks(client_id="partner"), 401, "invalid_client", "assertion.client-id")


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize("of", ["client", "server"])
def test_the_address_of_the_token_endpoint_is_an_audience_for_registered_clients_outside_fapi2(
    asserting: Asserting, verdict: Verdict, settings: Any, of: str
) -> None:
    def addressed() -> Any:
        return asserting.asks(assertion=asserting.assertion(aud=f"{ISSUER}/token"))

    verdict.accepted(asserting.asks())
    event = verdict.refused(addressed(), 401, "invalid_client", "assertion.audience")
    assert event["detail"]["expected"] == [ISSUER]
    Client.objects.filter(client_id=CLIENT_ID).update(assertion_audience_token_endpoint=True)
    verdict.accepted(addressed())
    if of == "server":
        settings.PROFILE = "fapi2"
    else:
        Client.objects.filter(client_id=CLIENT_ID).update(profile="fapi2")
    verdict.refused(addressed(), 401, "invalid_client", "assertion.audience")
    verdict.accepted(asserting.asks())


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize(
    "audience",
    [
        [f"{ISSUER}/token"],
        [ISSUER, f"{ISSUER}/token"],
        f"{ISSUER}/token/",
        f"{ISSUER}/TOKEN",
        f"{ISSUER}/token?x",
        f"{ISSUER}/token#x",
        f"{ISSUER}:443/token",
        f"{ISSUER}/token {ISSUER}",
        f"{ISSUER}\n",
        ISSUER.upper(),
        {"issuer": ISSUER},
        {},
        None,
        True,
        "",
    ],
    ids=str,
)
def test_no_other_spelling_of_the_audience_is_accepted_even_of_a_compatible_client(
    asserting: Asserting, verdict: Verdict, audience: Any
) -> None:
    Client.objects.filter(client_id=CLIENT_ID).update(assertion_audience_token_endpoint=True)
    verdict.accepted(asserting.asks())
    response = asserting.asks(assertion=asserting.assertion(aud=audience))
    verdict.refused(response, 401, "invalid_client", "assertion.audience")


@pytest.mark.clause("RFC 7523 §2.2")
def test_a_client_without_assertion_and_certificate_is_refused_for_its_method_in_the_same_words(
    asserting: Asserting, partner: Caller, verdict: Verdict
) -> None:
    """The reason is for the operator; to a caller the answers reveal no client, and no method."""
    nothing = {"client_assertion": None, "client_assertion_type": None}
    verdict.accepted(asserting.asks())
    own = asserting.asks(client_id=CLIENT_ID, **nothing)
    event = verdict.refused(own, 401, "invalid_client", "assertion.missing")
    assert event["detail"]["expected"] == "private_key_jwt"
    answers = [own]
    for client_id in ("partner", "nobody"):
        answers.append(partner.with_certificate().but(client_id=client_id).asks())
        verdict.refused(answers[-1], 401, "invalid_client", "certificate.missing")
    assert {answer.content for answer in answers} == {own.content}
    assert b"No client assertion" in own.content


CLAIMS: list[tuple[dict[str, Any], str]] = [
    ({"aud": [ISSUER]}, "assertion.audience"),
    ({"aud": [ISSUER, "https://other.example"]}, "assertion.audience"),
    ({"aud": f"{ISSUER}/"}, "assertion.audience"),
    ({"aud": f"{ISSUER}/introspect"}, "assertion.audience"),
    ({"aud": "https://other.example"}, "assertion.audience"),
    ({"aud": 1}, "assertion.audience"),
    ({"iss": "partner"}, "assertion.subject"),
    ({"sub": "partner"}, "assertion.subject"),
    ({"iss": "nobody", "sub": "nobody"}, "client.known"),
    ({"exp": SECONDS}, "assertion.expired"),
    ({"exp": SECONDS - 1}, "assertion.expired"),
    ({"exp": SECONDS + 86_400}, "assertion.lifetime"),
    ({"iat": SECONDS - 3600}, "assertion.lifetime"),
    ({"iat": SECONDS + 60}, "assertion.in-future"),
    ({"nbf": SECONDS + 60}, "assertion.in-future"),
    ({"jti": ""}, "assertion.claim-type"),
    ({"jti": 1}, "assertion.claim-type"),
    ({"jti": "x" * 513}, "assertion.claim-type"),
    ({"exp": "soon"}, "assertion.claim-type"),
    ({"exp": True}, "assertion.claim-type"),
    ({"iat": None}, "assertion.claim-type"),
    *(({name: ABSENT}, "assertion.claim-missing") for name in ("iss", "sub", "aud", "exp", "jti")),
]


@pytest.mark.clause("RFC 7523 §3")
@pytest.mark.parametrize(("changed", "rule"), CLAIMS, ids=lambda value: str(value)[:50])
def test_claims_that_are_wrong_in_one_thing_are_refused(
    asserting: Asserting, verdict: Verdict, changed: dict[str, Any], rule: str
) -> None:
    verdict.accepted(asserting.asks())
    verdict.refused(asserting.asks(assertion=asserting.assertion(**changed)), 401, "invalid_client", rule)


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_ten_seconds_of_the_future_are_accepted_and_sixty_are_not(
    asserting: Asserting, verdict: Verdict, claim: str
) -> None:
    soon: dict[str, Any] = {claim: SECONDS + 10}
    late: dict[str, Any] = {claim: SECONDS + 60}
    verdict.accepted(asserting.asks(assertion=asserting.assertion(**soon)))
    response = asserting.asks(assertion=asserting.assertion(**late))
    verdict.refused(response, 401, "invalid_client", "assertion.in-future")


HEADERS: list[tuple[dict[str, Any], str]] = [
    ({"alg": "none"}, "assertion.unsigned"),
    ({"alg": "nOnE"}, "assertion.unsigned"),
    ({"alg": "HS256"}, "assertion.algorithm"),
    ({"alg": "RS256"}, "assertion.algorithm"),
    ({"alg": ABSENT}, "assertion.algorithm"),
    ({"alg": ["ES256"]}, "assertion.algorithm"),
    ({"alg": "PS256", "kid": "PS256"}, "assertion.signature"),
    ({"kid": "unknown"}, "assertion.key"),
    ({"kid": "PS256"}, "assertion.key"),
    ({"kid": 1}, "assertion.key"),
    ({"crit": ["b64"]}, "assertion.critical"),
    ({"typ": "at+jwt"}, "assertion.type"),
    ({"typ": "dpop+jwt"}, "assertion.type"),
    ({"typ": 1}, "assertion.type"),
    *(
        ({"typ": each}, "assertion.type")
        for each in (
            "",
            "JOSE",
            "logout+jwt",
            "secevent+jwt",
            "software-statement+jwt",
            "oauth-authz-req+jwt",
            "token-introspection+jwt",
            "client-authentication",
            "x/client-authentication+jwt",
            " jwt",
            None,
            ["client-authentication+jwt"],
        )
    ),
]


@pytest.mark.clause("RFC 8725 §3.1")
@pytest.mark.parametrize(("changed", "rule"), HEADERS, ids=lambda value: str(value)[:50])
def test_a_header_that_is_wrong_in_one_thing_is_refused(
    asserting: Asserting, verdict: Verdict, changed: dict[str, Any], rule: str
) -> None:
    verdict.accepted(asserting.asks())
    verdict.refused(
        asserting.asks(assertion=asserting.assertion(header=changed)), 401, "invalid_client", rule
    )


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "jwt"},
        {"typ": "client-authentication+jwt"},
        {"typ": "Client-Authentication+JWT"},
        {"typ": "application/client-authentication+jwt"},
        {"kid": ABSENT},
        {"x": 1},
    ],
    ids=str,
)
def test_headers_of_other_makers_are_accepted(
    asserting: Asserting, verdict: Verdict, header: dict[str, Any]
) -> None:
    verdict.accepted(asserting.asks(assertion=asserting.assertion(header=header)))


MALFORMED = [
    ("x", "assertion.form"),
    ("a.b", "assertion.form"),
    ("a.b.c.d.e", "assertion.form"),
    ("a b.c.d", "assertion.form"),
    ("x" * 9000, "assertion.size"),
    ("e30.e30.e30", "assertion.algorithm"),
    ("W10.e30.e30", "assertion.header"),
    (signed(b'{"alg":"ES256","alg":"ES256"}', b"{}"), "assertion.header"),
    (signed(b'{"alg":"ES256"}', b'{"iss":"a","iss":"b"}'), "assertion.payload"),
    (signed(b'{"alg":"ES256"}', b"[]"), "assertion.payload"),
    (signed(b'{"alg":"ES256"}', b"{}"), "assertion.claim-missing"),
]


@pytest.mark.clause("RFC 7515 §7.1")
@pytest.mark.parametrize(("assertion", "rule"), MALFORMED, ids=lambda value: str(value)[:30])
def test_what_is_no_assertion_is_refused(
    asserting: Asserting, verdict: Verdict, assertion: str, rule: str
) -> None:
    verdict.accepted(asserting.asks())
    verdict.refused(asserting.asks(assertion=assertion), 401, "invalid_client", rule)
    assert len(assertion) < 9 or assertion not in verdict.trail.file.read_text()


@pytest.mark.clause("RFC 7523 §3")
def test_a_signature_by_another_key_is_refused(asserting: Asserting, verdict: Verdict) -> None:
    verdict.accepted(asserting.asks())
    forged = asserting.assertion(key=STRANGERS_KEY)
    verdict.refused(asserting.asks(assertion=forged), 401, "invalid_client", "assertion.signature")


def test_an_unknown_client_and_a_forged_assertion_cannot_be_told_apart(asserting: Asserting) -> None:
    unknown = asserting.asks(assertion=asserting.assertion(key=STRANGERS_KEY, iss="nobody", sub="nobody"))
    forged = asserting.asks(assertion=asserting.assertion(key=STRANGERS_KEY))
    unnamed = asserting.asks(assertion=asserting.assertion(key=STRANGERS_KEY, header={"kid": "unknown"}))
    assert unknown.content == forged.content == unnamed.content
    assert unknown.status_code == forged.status_code == unnamed.status_code == 401


@pytest.mark.clause("RFC 7521 §4.2")
def test_an_assertion_without_its_type_and_a_type_without_assertion_are_refused(
    asserting: Asserting, verdict: Verdict
) -> None:
    verdict.accepted(asserting.asks())
    for missing in ("client_assertion", "client_assertion_type"):
        parameters: dict[str, Any] = {missing: None}
        response = asserting.asks(**parameters)
        verdict.refused(response, 400, "invalid_request", "assertion.parameters")
    saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
    response = asserting.asks(client_assertion_type=saml)
    verdict.refused(response, 401, "invalid_client", "assertion.kind")


@pytest.mark.clause("RFC 7523 §3")
def test_an_assertion_counts_once(asserting: Asserting, verdict: Verdict) -> None:
    once = asserting.assertion(jti="once")
    verdict.accepted(asserting.asks(assertion=once))
    verdict.refused(asserting.asks(assertion=once), 401, "invalid_client", "assertion.replayed")
    again = asserting.assertion(jti="once", exp=SECONDS + 61)
    verdict.refused(asserting.asks(assertion=again), 401, "invalid_client", "assertion.replayed")
    assert [use.expires_at.timestamp() for use in OneTimeUse.objects.all()] == [SECONDS + 60]


@pytest.mark.clause("RFC 7523 §3")
@pytest.mark.parametrize(
    "claims",
    [{"exp": SECONDS + 3600}, {"iat": ABSENT}, {"iat": ABSENT, "exp": SECONDS + 3600}],
    ids=["an hour", "no iat", "no iat, an hour"],
)
def test_an_assertion_counts_once_although_the_replay_store_lost_everything(
    asserting: Asserting,
    verdict: Verdict,
    memory: Memory,
    now: list[datetime],
    claims: dict[str, Any],
) -> None:
    once = asserting.assertion(**claims)
    verdict.accepted(asserting.asks(assertion=once))
    memory.begin_epoch(b"next", began_at=SECONDS - 3600)
    now[0] = NOW + timedelta(seconds=50)
    with_fresh_proof = asserting.asks(assertion=once, proof=asserting.proof(iat=SECONDS + 50))
    verdict.refused(with_fresh_proof, 401, "invalid_client", "assertion.replayed")
    verdict.accepted(asserting.asks(proof=asserting.proof(iat=SECONDS + 50)))


@pytest.mark.clause("RFC 7523 §3")
@pytest.mark.parametrize("endpoint", ["introspect", "revoke"])
def test_an_assertion_that_was_used_at_another_endpoint_is_used(
    asserting: Asserting, verdict: Verdict, endpoint: str
) -> None:
    token, once = verdict.accepted(asserting.asks())["access_token"], asserting.assertion()
    there = Asserting(asserting.caller.but(address=f"/{endpoint}"))
    assert there.asks(assertion=once, proof=None, token=token).status_code == 200
    assert there.asks(assertion=once, proof=None, token=token).status_code == 401
    verdict.refused(asserting.asks(assertion=once), 401, "invalid_client", "assertion.replayed")


@pytest.mark.clause("RFC 7523 §3")
def test_the_use_is_recorded_with_the_token_or_not_at_all(
    asserting: Asserting, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = asserting.assertion()

    def full(*_: Any, **__: Any) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(IssuedToken, "save", full)
        refused = asserting.asks(assertion=once)
        verdict.refused(refused, 503, "temporarily_unavailable", "service.database")
    with monkeypatch.context() as disk:
        disk.setattr(OneTimeUse, "save", full)
        refused = asserting.asks(assertion=once)
        verdict.refused(refused, 503, "temporarily_unavailable", "service.database")
    assert not IssuedToken.objects.exists()
    verdict.accepted(asserting.asks(assertion=once))
    assert (IssuedToken.objects.count(), OneTimeUse.objects.count()) == (1, 1)


@pytest.mark.clause("RFC 7523 §3")
def test_of_two_that_pass_the_first_look_at_once_one_gets_a_token(
    asserting: Asserting, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = asserting.assertion()
    monkeypatch.setattr(one_time_use, "is_used", lambda _key: False)
    verdict.accepted(asserting.asks(assertion=once))
    verdict.refused(asserting.asks(assertion=once), 401, "invalid_client", "assertion.replayed")
    assert IssuedToken.objects.count() == 1


def test_an_assertion_that_is_refused_is_not_remembered(asserting: Asserting, verdict: Verdict) -> None:
    verdict.refused(
        asserting.asks(assertion=asserting.assertion(key=STRANGERS_KEY)),
        401,
        "invalid_client",
        "assertion.signature",
    )
    assert not OneTimeUse.objects.exists()


@pytest.mark.clause("RFC 7523 §3")
def test_without_the_replay_store_assertions_are_accepted_and_proofs_are_not(
    asserting: Asserting,
    verdict: Verdict,
    memory: Memory,
    registered: Callable[..., RegisteredClient],
    partner_certificate: Issued,
) -> None:
    memory.away = True
    once = asserting.assertion()
    response = asserting.asks(assertion=once)
    verdict.refused(response, 503, "temporarily_unavailable", "service.replay-memory")
    assert response.headers["Retry-After"] == "1"
    assert not OneTimeUse.objects.exists()
    registered(
        **METADATA | {"dpop_bound_access_tokens": None, "tls_client_certificate_bound_access_tokens": True}
    )
    by_certificate = Asserting(asserting.caller.with_certificate(partner_certificate))
    verdict.accepted(by_certificate.asks(assertion=once, proof=None))
    again = by_certificate.asks(assertion=once, proof=None)
    verdict.refused(again, 401, "invalid_client", "assertion.replayed")


@pytest.mark.clause("RFC 7591 §2")
def test_a_client_keeps_to_the_algorithm_that_it_registered(
    asserting: Asserting, verdict: Verdict, registered: Callable[..., RegisteredClient]
) -> None:
    verdict.accepted(asserting.asks())
    registered(**METADATA | {"token_endpoint_auth_signing_alg": "PS256"})
    verdict.refused(asserting.asks(), 401, "invalid_client", "assertion.client-algorithm")
    verdict.accepted(asserting.asks(assertion=asserting.assertion(key=KEYS["PS256"])))


def test_a_key_that_is_no_longer_registered_ends_at_once(
    asserting: Asserting, verdict: Verdict, registered: Callable[..., RegisteredClient]
) -> None:
    verdict.accepted(asserting.asks())
    registered(**METADATA | {"jwks": {"keys": JWKS["keys"][1:]}})
    verdict.refused(asserting.asks(), 401, "invalid_client", "assertion.key")


def test_an_asserting_client_is_not_authenticated_by_a_certificate(
    asserting: Asserting, verdict: Verdict, partner_certificate: Issued
) -> None:
    verdict.accepted(asserting.asks())
    caller = asserting.caller.with_certificate(partner_certificate)
    verdict.refused(caller.asks(), 401, "invalid_client", "client.registered-method")


def test_a_pki_client_is_not_authenticated_by_an_assertion(
    asserting: Asserting, partner: Caller, verdict: Verdict
) -> None:
    verdict.accepted(partner.asks())
    assertion = asserting.assertion(iss="partner", sub="partner")
    verdict.refused(asserting.asks(assertion=assertion), 401, "invalid_client", "client.registered-method")


@pytest.mark.clause("RFC 6749 §2.3")
@pytest.mark.parametrize("second", [{"client_secret": "secret"}, {}])
def test_a_secret_beside_an_assertion_is_a_second_method(
    asserting: Asserting, verdict: Verdict, second: dict[str, Any]
) -> None:
    verdict.accepted(asserting.asks())
    headers = {} if second else {"Authorization": "Basic cGFydG5lcjpzZWNyZXQ="}
    both = Asserting(asserting.caller.but(headers=headers)).asks(**second)
    verdict.refused(both, 400, "invalid_request", "client.one-method")


@pytest.mark.clause("RFC 9449 §5")
def test_its_token_is_bound_to_the_key_of_its_proof(asserting: Asserting, verdict: Verdict) -> None:
    answer = verdict.accepted(asserting.asks())
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert answer["token_type"] == "DPoP"
    assert claims["cnf"] == {"jkt": jwk_thumbprint(jwk_of(DPOP_KEY))}
