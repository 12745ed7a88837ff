from typing import Any

import pytest

from sender_constraint.core import revocation
from sender_constraint.core.errors import InvalidClient, InvalidToken, Refusal, TemporarilyUnavailable
from sender_constraint.core.revocation import State, check_revocation
from tests.sender_constraint.pki import NOW, Issued, issue, make_scheme
from tests.sender_constraint.statuses import Statuses

SCHEME = make_scheme()
PARTNER = issue(SCHEME.issuing)
OTHER = issue(SCHEME.issuing, subject="other-partner")
CHAIN = [PARTNER.certificate, SCHEME.issuing.certificate, SCHEME.root.certificate]


@pytest.fixture
def statuses() -> Statuses:
    return Statuses()


def refused(statuses: Statuses, error: type[Refusal] = InvalidToken) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        check_revocation(CHAIN, statuses, error)
    return refusal.value


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_every_certificate_of_a_chain_but_the_anchor_is_looked_up_each_time(statuses: Statuses) -> None:
    for _ in range(2):
        check_revocation(CHAIN, statuses, InvalidToken)
    assert statuses.asked == CHAIN[:2] * 2


def test_a_certificate_outside_the_scheme_has_nobody_to_be_asked(statuses: Statuses) -> None:
    check_revocation([], statuses, InvalidToken)
    assert statuses.asked == []


@pytest.mark.clause("RFC 5280 §6.1.3")
@pytest.mark.parametrize("issued", [PARTNER, SCHEME.issuing], ids=["the caller's", "the issuing authority's"])
@pytest.mark.parametrize("error", [InvalidClient, InvalidToken])
def test_a_revoked_certificate_is_refused_with_the_roles_error(
    statuses: Statuses, issued: Issued, error: type[Refusal]
) -> None:
    statuses.say(OTHER.certificate, State.REVOKED)
    check_revocation(CHAIN, statuses, error)

    statuses.say(issued.certificate, State.REVOKED)
    refusal = refused(statuses, error)

    assert isinstance(refusal, error)
    assert (refusal.rule, refusal.status) == (revocation.REVOKED, 401)
    assert refusal.detail == {
        "subject": issued.certificate.subject.rfc4514_string(),
        "serial": f"{issued.certificate.serial_number:x}",
        "revoked_at": NOW.isoformat(),
        "reason": "keyCompromise",
        "age_seconds": 0.25,
    }


@pytest.mark.clause("RFC 6960 §2.2")
@pytest.mark.parametrize("error", [InvalidClient, InvalidToken])
def test_what_the_issuer_does_not_know_is_not_good(statuses: Statuses, error: type[Refusal]) -> None:
    statuses.say(PARTNER.certificate, State.UNKNOWN)
    refusal = refused(statuses, error)
    assert isinstance(refusal, error)
    assert (refusal.rule, refusal.status) == (revocation.UNKNOWN, 401)


@pytest.mark.clause("RFC 6960 §3.2")
def test_where_nothing_young_enough_can_be_had_nothing_is_said_good_or_bad(statuses: Statuses) -> None:
    statuses.say_nothing(PARTNER.certificate)
    refusal = refused(statuses)
    assert isinstance(refusal, TemporarilyUnavailable)
    assert (refusal.rule, refusal.status, refusal.code) == (revocation.STALE, 503, "temporarily_unavailable")
    assert refusal.retry_after_seconds == 1
    expected: dict[str, Any] = {"age_seconds": 7.5, "promise_seconds": 5, "problem": "nobody answers"}
    assert expected.items() <= refusal.detail.items()


def test_each_rule_can_be_switched_off_by_itself(statuses: Statuses, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, state in (
        ("check_not_revoked", State.REVOKED),
        ("check_status_known", State.UNKNOWN),
        ("check_status_fresh", None),
    ):
        if state is None:
            statuses.say_nothing(PARTNER.certificate)
        else:
            statuses.say(PARTNER.certificate, state)
        assert refused(statuses)
        with monkeypatch.context() as patch:
            patch.setattr(revocation, name, lambda *_: None)
            check_revocation(CHAIN, statuses, InvalidToken)
