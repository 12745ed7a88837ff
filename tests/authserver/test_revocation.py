"""A client whose certificate its issuer no longer stands by gets no token."""

import pytest

from sender_constraint.core.revocation import State
from tests.authserver.caller import Caller, Verdict
from tests.sender_constraint.pki import NOW, Issued, Scheme
from tests.sender_constraint.statuses import Statuses


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_a_client_with_a_revoked_certificate_is_not_authenticated(
    partner: Caller, partner_certificate: Issued, statuses: Statuses, verdict: Verdict
) -> None:
    verdict.accepted(partner.asks())

    statuses.say(partner_certificate.certificate, State.REVOKED)

    event = verdict.refused(partner.asks(), 401, "invalid_client", "certificate.revoked")
    assert event["detail"]["revoked_at"] == NOW.isoformat()
    assert event["detail"]["serial"] == f"{partner_certificate.certificate.serial_number:x}"


def test_with_a_revoked_issuing_authority_nobody_is_authenticated(
    partner: Caller, scheme: Scheme, statuses: Statuses, verdict: Verdict
) -> None:
    statuses.say(scheme.issuing.certificate, State.REVOKED)
    verdict.refused(partner.asks(), 401, "invalid_client", "certificate.revoked")


@pytest.mark.clause("RFC 6960 §2.2")
def test_a_client_with_a_certificate_that_its_issuer_does_not_know_is_not_authenticated(
    partner: Caller, partner_certificate: Issued, statuses: Statuses, verdict: Verdict
) -> None:
    statuses.say(partner_certificate.certificate, State.UNKNOWN)
    verdict.refused(partner.asks(), 401, "invalid_client", "certificate.status-unknown")


@pytest.mark.clause("RFC 6960 §3.2")
def test_without_a_status_the_client_is_told_to_come_again(
    partner: Caller, partner_certificate: Issued, statuses: Statuses, verdict: Verdict
) -> None:
    statuses.say_nothing(partner_certificate.certificate)
    response = partner.asks()
    event = verdict.refused(response, 503, "temporarily_unavailable", "certificate.status-stale")
    assert response.headers["Retry-After"] == "1"
    assert (event["detail"]["age_seconds"], event["detail"]["promise_seconds"]) == (7.5, 5)


def test_the_status_is_asked_for_on_every_request(
    partner: Caller, partner_certificate: Issued, scheme: Scheme, statuses: Statuses, verdict: Verdict
) -> None:
    for _ in range(2):
        verdict.accepted(partner.asks())
    assert statuses.asked == [partner_certificate.certificate, scheme.issuing.certificate] * 2
