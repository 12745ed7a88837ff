"""Which callers can make the API ask its issuer about tokens, keys and status lists, and how often."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from bank_api.accounts.models import Account
from sender_constraint.core.confirmation import certificate_confirmation, key_confirmation
from sender_constraint.core.errors import TemporarilyUnavailable
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.django import authentication
from sender_constraint.django.report_mode import ReportingTokenAuthentication
from sender_constraint.jose.jwk import jwk_of
from sender_constraint.resource_server.introspection_limits import (
    DEFAULT_PER_MINUTE,
    REMEMBERED_CERTIFICATES,
    IntrospectionLimits,
)
from tests.bank_api.caller import Caller, Verdict
from tests.bank_api.conftest import PROMISE_SECONDS, Clock
from tests.bank_api.issuer import ISSUER, RESOURCE, TestIssuer
from tests.bank_api.test_rfc9449_dpop import Holder
from tests.sender_constraint.dpop.proofs import Memory
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue
from tests.sender_constraint.statuses import Statuses
from tests.waiting import eventually

TOKEN = "n3Wdx6b0cJ7vG1qkQmZ4y9tLr2pVs8aEhUiKoXfCwDg"
FLOOD = 300

pytestmark = [pytest.mark.django_db, pytest.mark.clause("RFC 6585 §4")]


def guess() -> str:
    return secrets.token_urlsafe(32)


@pytest.fixture
def introspections(issuer: TestIssuer) -> Callable[[], int]:
    return lambda: issuer.asked.count("/introspect")


@pytest.fixture
def honest(partner: Caller, account: Account, certificate: Issued, issuer: TestIssuer) -> Caller:
    """The partner with an opaque token that nobody has presented yet."""
    del account
    issuer.opaque[TOKEN] = active(certificate_confirmation(certificate.der))
    return partner.but(token=TOKEN)


def active(cnf: dict[str, str]) -> dict[str, Any]:
    now = int(NOW.timestamp())
    return {
        "active": True,
        "iss": ISSUER,
        "client_id": "partner",
        "aud": RESOURCE,
        "exp": now + 300,
        "scope": "accounts",
        "cnf": cnf,
    }


def limited(response: Any, verdict: Verdict, rule: str) -> None:
    verdict.problem(response, 429, rule)
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_without_a_certificate_a_bearer_token_is_refused_before_the_issuer_is_asked(
    honest: Caller, verdict: Verdict, introspections: Callable[[], int]
) -> None:
    for _ in range(FLOOD):
        response = honest.on().but(token=guess()).get("/accounts")
        assert response.status_code == 401
    verdict.refused(response, 401, "invalid_token", "binding.certificate-missing")
    verdict.refused(honest.on().get("/accounts"), 401, "invalid_token", "binding.certificate-missing")
    assert introspections() == 0
    verdict.accepted(honest.get("/accounts"))
    assert introspections() == 1


def test_each_certificate_of_the_scheme_has_a_limit_of_its_own(
    honest: Caller,
    other_certificate: Issued,
    verdict: Verdict,
    introspections: Callable[[], int],
    clock: Clock,
) -> None:
    thief = honest.on(other_certificate)
    answers = [thief.but(token=guess()).get("/accounts").status_code for _ in range(FLOOD)]
    assert answers == [401] * DEFAULT_PER_MINUTE + [429] * (FLOOD - DEFAULT_PER_MINUTE)
    limited(thief.but(token=guess()).get("/accounts"), verdict, "introspection-limit.certificate")
    assert introspections() == DEFAULT_PER_MINUTE
    # What the thief's certificate has used up is nobody else's.
    verdict.accepted(honest.get("/accounts"))
    clock.later(1)
    verdict.refused(thief.but(token=guess()).get("/accounts"), 401, "invalid_token", "token.inactive")
    limited(thief.but(token=guess()).get("/accounts"), verdict, "introspection-limit.certificate")


def test_a_token_that_was_active_is_served_though_its_certificate_has_reached_the_limit(
    honest: Caller, verdict: Verdict, introspections: Callable[[], int], clock: Clock
) -> None:
    verdict.accepted(honest.get("/accounts"))
    guesses = [honest.but(token=guess()).get("/accounts").status_code for _ in range(DEFAULT_PER_MINUTE + 1)]
    assert guesses[-1] == 429
    asked = introspections()
    clock.later(PROMISE_SECONDS / 2)
    verdict.accepted(honest.get("/accounts"))
    eventually(lambda: introspections() == asked + 1, "it is asked about again")
    verdict.accepted(honest.get("/accounts"))


def test_certificates_that_cost_nothing_cause_no_introspection_where_they_bind_nothing(
    honest: Caller, verdict: Verdict, introspections: Callable[[], int]
) -> None:
    for _ in range(3):
        response = honest.on(issue(None, subject="self-made")).but(token=guess()).get("/accounts")
        verdict.refused(response, 401, "invalid_token", "certificate.foreign")
    assert introspections() == 0


def test_certificates_that_cost_nothing_share_one_limit(
    honest: Caller, verdict: Verdict, introspections: Callable[[], int], settings: Any
) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"ACCEPT_FOREIGN_CERTIFICATES": True}
    answers = [
        honest.on(issue(None, subject=f"self-made {number}")).but(token=guess()).get("/accounts")
        for number in range(DEFAULT_PER_MINUTE + 5)
    ]
    assert [each.status_code for each in answers] == [401] * DEFAULT_PER_MINUTE + [429] * 5
    limited(
        honest.on(issue(None, subject="one more")).get("/accounts"),
        verdict,
        "introspection-limit.unidentified",
    )
    assert introspections() == DEFAULT_PER_MINUTE
    verdict.accepted(honest.get("/accounts"))


def test_a_certificate_that_is_refused_anyway_causes_no_introspection_and_no_question_to_its_authority(
    honest: Caller,
    verdict: Verdict,
    introspections: Callable[[], int],
    scheme: Scheme,
    statuses: Statuses,
) -> None:
    forged = issue(None, subject="partner", claimed_issuer=scheme.issuing)
    response = honest.on(forged).but(token=guess()).get("/accounts")
    verdict.refused(response, 401, "invalid_token", "certificate.chain")
    assert statuses.asked == []
    assert introspections() == 0


def test_with_dpop_only_a_proof_for_this_request_and_token_causes_an_introspection(
    honest: Caller,
    verdict: Verdict,
    introspections: Callable[[], int],
    clock: Clock,
    issuer: TestIssuer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Memory()
    monkeypatch.setattr(authentication, "replay_memory", lambda: memory)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer.opaque["A" * 43] = active(key_confirmation(jwk_thumbprint(jwk_of(key))))
    holder = Holder("A" * 43, clock, key)
    for changes, rule in (
        ({"htm": "POST"}, "dpop.method"),
        ({"htu": "https://localhost:8442/payments"}, "dpop.url"),
        ({"ath": "A" * 43}, "dpop.token-hash"),
        ({"iat": int(clock().timestamp()) - 3600}, "dpop.too-old"),
        ({"shown": "no.proof.atall"}, None),
        ({"shown": ""}, None),
    ):
        response = Holder(guess(), clock, key).get(**changes)
        event = verdict.trail.last()
        assert (response.status_code, event["error"]) == (401, "invalid_dpop_proof"), changes
        assert rule is None or event["rule"] == rule
    assert introspections() == 0
    # Keys are free, too: all who have a proof, and no certificate, share one limit.
    flood = [
        Holder(guess(), clock, ec.generate_private_key(ec.SECP256R1())).get()
        for _ in range(DEFAULT_PER_MINUTE + 5)
    ]
    assert [each.status_code for each in flood] == [401] * DEFAULT_PER_MINUTE + [429] * 5
    limited(holder.get(), verdict, "introspection-limit.unidentified")
    assert introspections() == DEFAULT_PER_MINUTE
    clock.later(1)
    verdict.accepted(holder.get())
    # Now that it is known to be active, no flood keeps it out.
    assert Holder(guess(), clock, key).get().status_code == 429
    verdict.accepted(holder.get())
    verdict.accepted(honest.get("/accounts"))


def test_the_demo_s_bearer_route_asks_for_callers_without_a_certificate_within_their_limit(
    honest: Caller, verdict: Verdict, introspections: Callable[[], int], other_certificate: Issued
) -> None:
    route = "/demo/bearer/accounts"
    answers = [honest.on().but(token=guess()).get(route) for _ in range(DEFAULT_PER_MINUTE + 1)]
    assert [each.status_code for each in answers] == [401] * DEFAULT_PER_MINUTE + [429]
    limited(honest.on(issue(None)).but(token=guess()).get(route), verdict, "introspection-limit.unidentified")
    assert introspections() == DEFAULT_PER_MINUTE
    assert honest.on(other_certificate).but(token=guess()).get(route).status_code == 401


def test_a_route_in_report_mode_asks_for_callers_without_proof_within_their_limit(
    honest: Caller,
    verdict: Verdict,
    introspections: Callable[[], int],
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from bank_api.accounts.views import AccountsView

    monkeypatch.setattr(AccountsView, "authentication_classes", [ReportingTokenAuthentication])
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"REPORT_ROUTES": ["accounts"]}
    verdict.accepted(honest.on().get("/accounts"))
    assert introspections() == 1
    for _ in range(DEFAULT_PER_MINUTE - 1):
        assert honest.on().but(token=guess()).get("/accounts").status_code == 401
    limited(honest.on().but(token=guess()).get("/accounts"), verdict, "introspection-limit.unidentified")
    # Where it enforces, nothing has changed.
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"REPORT_ROUTES": []}
    response = honest.on().but(token=guess()).get("/accounts")
    verdict.refused(response, 401, "invalid_token", "binding.certificate-missing")
    assert introspections() == DEFAULT_PER_MINUTE


def test_what_is_remembered_of_certificates_is_bounded(clock: Clock) -> None:
    limits = IntrospectionLimits(1, 1, monotonic=clock.seconds)
    for number in range(3 * REMEMBERED_CERTIFICATES):
        limits.check(f"thumbprint {number}")
    assert len(limits) == REMEMBERED_CERTIFICATES
    with pytest.raises(TemporarilyUnavailable) as reached:
        limits.check(f"thumbprint {number}")
    assert (reached.value.status, reached.value.retry_after_seconds) == (429, 60)


@pytest.mark.clause("RFC 9068 §4")
def test_signed_tokens_cause_no_more_requests_to_their_issuer_however_many_are_sent(
    partner: Caller,
    account: Account,
    verdict: Verdict,
    issuer: TestIssuer,
    token: Callable[..., str],
    statuses: Statuses,
) -> None:
    del account
    verdict.accepted(partner.get("/accounts"))
    before, asked = list(issuer.asked), len(statuses.asked)
    elsewhere = {"status_list": {"idx": 0, "uri": "https://thief.example/list"}}
    stranger = TestIssuer()
    for number in range(50):
        unknown = partner.but(token=token(header={"kid": f"unknown-{number}"}))
        forged = partner.but(token=stranger.token(status=elsewhere))
        assert unknown.get("/accounts").status_code == forged.get("/accounts").status_code == 401
        assert unknown.on().get("/accounts").status_code == 401
    verdict.refused(forged.get("/accounts"), 401, "invalid_token", "token.signature")
    # An unknown key is asked for at most every five seconds; a status list, only by a verified token.
    assert len(issuer.asked) - len(before) <= 2
    assert not [path for path in issuer.asked[len(before) :] if "list" in path]
    assert len(statuses.asked) == asked
