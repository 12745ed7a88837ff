"""FAPI 2.0 Security Profile §5.3.2: the authorization server, as a whole or for one client."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client as HTTPClient
from django.urls import get_resolver

from authserver.clients.models import Client
from authserver.clients.registered_client import RegisteredClient
from operations.settings.fapi2 import FAPI2
from tests.authserver.asserting import METADATA, Asserting
from tests.authserver.caller import Caller, Verdict

MTLS_BOUND = {"dpop_bound_access_tokens": None, "tls_client_certificate_bound_access_tokens": True}
# By which client authenticates how, and to what its tokens are bound: all four that the profile has.
COMBINATIONS = {
    "mutual TLS, mutual TLS": {},
    "mutual TLS, DPoP": {
        "dpop_bound_access_tokens": True,
        "tls_client_certificate_bound_access_tokens": None,
    },
    "private_key_jwt, mutual TLS": {**METADATA, **MTLS_BOUND},
    "private_key_jwt, DPoP": METADATA,
}


@pytest.fixture
def under_fapi2(settings: Any) -> None:
    settings.PROFILE = FAPI2


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize("combination", COMBINATIONS)
@pytest.mark.usefixtures("under_fapi2")
def test_all_four_combinations_of_authentication_and_constraint_get_tokens(
    partner: Caller,
    registered: Callable[..., RegisteredClient],
    verdict: Verdict,
    combination: str,
) -> None:
    asserts, bound_by_key = combination.startswith("private"), combination.endswith("DPoP")
    registered(**COMBINATIONS[combination])
    signing = Asserting(partner)
    if asserts:
        answer = verdict.accepted(signing.asks(proof="" if bound_by_key else None))
    else:
        caller = partner.but(headers={"DPoP": signing.proof()}) if bound_by_key else partner
        answer = verdict.accepted(caller.asks())
    assert answer["token_type"] == ("DPoP" if bound_by_key else "Bearer")
    assert verdict.trail.last()["detail"]["bound"]


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize("of", ["client", "server"])
def test_no_bearer_token_is_issued_whatever_the_register_says(
    partner: Caller, registered: Callable[..., RegisteredClient], verdict: Verdict, settings: Any, of: str
) -> None:
    settings.DEMO = True
    registered(tls_client_certificate_bound_access_tokens=False)
    verdict.accepted(partner.asks())
    if of == "server":
        settings.PROFILE = FAPI2
    else:
        Client.objects.update(profile=FAPI2)
    verdict.refused(partner.asks(), 400, "unauthorized_client", "issuing.bound")


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "implicit"])
@pytest.mark.usefixtures("under_fapi2")
def test_there_is_one_grant_and_no_password_is_asked_for(
    partner: Caller, verdict: Verdict, grant: str
) -> None:
    asked = partner.asks(grant_type=grant, username="alice", password="secret")
    verdict.refused(asked, 400, "unsupported_grant_type", "grant.supported")


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
@pytest.mark.django_db
@pytest.mark.usefixtures("under_fapi2")
def test_nothing_here_redirects() -> None:
    asked = HTTPClient(SERVER_NAME="localhost")
    addresses = [str(each.pattern) for each in get_resolver("authserver.urls").url_patterns]
    assert "token" in addresses
    for address in addresses:
        path = "/" + address.strip("^$")
        for parameters in ("", "?redirect_uri=https://thief.example", "?next=//thief.example"):
            answer = asked.get(path + parameters, secure=True)
            assert not 300 <= answer.status_code < 400
            assert "Location" not in answer.headers


@pytest.mark.usefixtures("under_fapi2")
def test_a_demo_under_the_profile_has_nothing_to_announce(settings: Any) -> None:
    settings.DEMO = True
    assert run_checks(tags=["authserver"]) == []


def test_a_profile_that_is_misspelt_is_found_at_start(settings: Any) -> None:
    settings.PROFILE = "fapi-2"
    assert [each.id for each in run_checks(tags=["authserver"])] == ["sender_constraint.E013"]
