"""A certificate that its issuer no longer stands by binds nothing, however good it was before."""

import pytest

from bank_api.accounts.models import Account
from sender_constraint.core.revocation import State
from tests.bank_api.caller import Caller, Verdict
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue
from tests.sender_constraint.statuses import Statuses

pytestmark = pytest.mark.django_db


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_a_revoked_certificate_is_refused_at_the_next_call_and_no_others(
    partner: Caller,
    other_partner: Caller,
    account: Account,
    certificate: Issued,
    statuses: Statuses,
    verdict: Verdict,
) -> None:
    assert verdict.accepted(partner.get("/accounts"))["accounts"][0]["id"] == str(account.pk)

    statuses.say(certificate.certificate, State.REVOKED)

    event = verdict.refused(partner.get("/accounts"), 401, "invalid_token", "certificate.revoked")
    assert event["client_id"] == "partner"
    assert event["detail"]["revoked_at"] == NOW.isoformat()
    assert event["detail"]["reason"] == "keyCompromise"
    assert event["detail"]["serial"] == f"{certificate.certificate.serial_number:x}"
    verdict.accepted(other_partner.get("/accounts"))


def test_with_a_revoked_issuing_authority_nobody_is_served(
    partner: Caller, scheme: Scheme, statuses: Statuses, verdict: Verdict
) -> None:
    verdict.accepted(partner.get("/accounts"))
    statuses.say(scheme.issuing.certificate, State.REVOKED)
    verdict.refused(partner.get("/accounts"), 401, "invalid_token", "certificate.revoked")


@pytest.mark.clause("RFC 6960 §2.2")
def test_a_certificate_that_its_issuer_does_not_know_is_refused(
    partner: Caller, certificate: Issued, statuses: Statuses, verdict: Verdict
) -> None:
    statuses.say(certificate.certificate, State.UNKNOWN)
    verdict.refused(partner.get("/accounts"), 401, "invalid_token", "certificate.status-unknown")


@pytest.mark.clause("RFC 6960 §3.2")
def test_without_a_status_the_caller_is_told_to_come_again(
    partner: Caller, certificate: Issued, statuses: Statuses, verdict: Verdict
) -> None:
    statuses.say_nothing(certificate.certificate)
    response = partner.get("/accounts")
    event = verdict.problem(response, 503, "certificate.status-stale")
    assert response.headers["Retry-After"] == "1"
    assert "WWW-Authenticate" not in response.headers
    assert (event["detail"]["age_seconds"], event["detail"]["promise_seconds"]) == (7.5, 5)
    assert "age_seconds" not in response.content.decode()


def test_a_certificate_from_outside_the_scheme_has_nobody_to_ask(
    partner: Caller, statuses: Statuses, verdict: Verdict
) -> None:
    foreign = issue(None, subject="public client")
    verdict.refused(partner.on(foreign).get("/accounts"), 401, "invalid_token", "certificate.foreign")
    assert statuses.asked == []
