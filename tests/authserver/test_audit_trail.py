"""The authorization server without a writable audit trail: it gives out nothing, and loses nothing."""

from typing import Any

import pytest
from django.test import Client as HttpClient

from authserver.clients.models import Client
from authserver.issued_tokens.models import IssuedToken
from tests.authserver.caller import Caller, Verdict
from tests.authserver.test_rfc7591_registration import BY_NAME, Registered, initial_token, register
from tests.sender_constraint.pki import Issued
from tests.trail import unwritable

pytestmark = [pytest.mark.django_db, pytest.mark.clause("RFC 9110 §15.6.4")]


def unavailable(response: Any) -> None:
    assert response.status_code == 503, response.content
    assert response.headers["Retry-After"] == "1"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json() == {
        "error": "temporarily_unavailable",
        "error_description": "The audit trail cannot be written: Is a directory",
    }


def test_no_token_is_given_out_until_its_event_can_be_written(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    with unwritable(verdict.trail.file):
        unavailable(partner.asks())
        issued = IssuedToken.objects.count()
        unavailable(partner.asks())
        unavailable(partner.but(client_id="stranger").asks())
        assert IssuedToken.objects.count() == issued
        unavailable(HttpClient().get("/health"))
    verdict.accepted(partner.asks())
    assert HttpClient().get("/health").status_code == 200


@pytest.mark.usefixtures("now")
def test_a_registration_that_cannot_be_recorded_is_undone_and_uses_up_no_initial_access_token(
    verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, other = initial_token(), initial_token()
    with unwritable(verdict.trail.file):
        unavailable(register(BY_NAME, token))
    with unwritable(verdict.trail.file), monkeypatch.context() as later:
        # The disk fills up between the look at the trail and the event.
        later.setattr("authserver.registration.views.check_trail_has_room", lambda: None)
        unavailable(register(BY_NAME, other))
    assert Client.objects.count() == 0
    assert register(BY_NAME, token).status_code == 201
    assert Client.objects.count() == 1


@pytest.mark.usefixtures("now")
def test_a_change_of_a_registration_that_cannot_be_recorded_is_undone(
    verdict: Verdict, partner_certificate: Issued
) -> None:
    client = Registered(BY_NAME, partner_certificate)
    with unwritable(verdict.trail.file):
        unavailable(client.asks("DELETE"))
        unavailable(client.asks("DELETE"))
    assert Client.objects.count() == 1
    assert client.asks("DELETE").status_code == 204
    assert Client.objects.count() == 0
