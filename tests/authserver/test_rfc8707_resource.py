"""RFC 8707 §2: the resource that a token is asked for."""

from typing import Any

import jwt
import pytest

from tests.authserver.caller import OTHER_RESOURCE, RESOURCE, Caller, Verdict


def audience_of(answer: dict[str, Any]) -> Any:
    return jwt.decode(answer["access_token"], options={"verify_signature": False})["aud"]


@pytest.mark.clause("RFC 8707 §2")
@pytest.mark.parametrize("resource", [RESOURCE, OTHER_RESOURCE])
def test_the_resource_asked_for_is_the_audience(partner: Caller, verdict: Verdict, resource: str) -> None:
    assert audience_of(verdict.accepted(partner.asks(resource=resource))) == resource


def test_without_a_resource_the_audience_is_the_clients_default(
    partner: Caller, verdict: Verdict, registered: Any
) -> None:
    assert audience_of(verdict.accepted(partner.asks())) == RESOURCE
    registered(default_resource=OTHER_RESOURCE)
    assert audience_of(verdict.accepted(partner.asks())) == OTHER_RESOURCE


@pytest.mark.clause("RFC 8707 §2.2")
def test_more_than_one_resource_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks(resource=[RESOURCE]))
    response = partner.asks(resource=[RESOURCE, OTHER_RESOURCE])
    verdict.refused(response, 400, "invalid_target", "resource.one")


@pytest.mark.clause("RFC 8707 §2.2")
def test_the_same_resource_twice_is_one_resource(partner: Caller, verdict: Verdict) -> None:
    assert audience_of(verdict.accepted(partner.asks(resource=[RESOURCE, RESOURCE]))) == RESOURCE


@pytest.mark.clause("RFC 8707 §2")
@pytest.mark.parametrize(
    "resource",
    [
        f"{RESOURCE}#",
        f"{RESOURCE}#fragment",
        "localhost",
        "/accounts",
        "//localhost:8442",
        "https:",
        f"{RESOURCE}/ä",
        " ",
    ],
)
def test_a_resource_that_is_no_absolute_uri_or_has_a_fragment_is_refused(
    partner: Caller, verdict: Verdict, resource: str
) -> None:
    verdict.accepted(partner.asks(resource=RESOURCE))
    verdict.refused(partner.asks(resource=resource), 400, "invalid_target", "resource.syntax")


@pytest.mark.clause("RFC 8707 §2")
@pytest.mark.parametrize(
    "resource",
    [f"{RESOURCE}/", "http://localhost:8442", "HTTPS://localhost:8442", "https://localhost", "urn:x:y"],
)
def test_an_unknown_resource_is_refused(partner: Caller, verdict: Verdict, resource: str) -> None:
    verdict.accepted(partner.asks(resource=RESOURCE))
    verdict.refused(partner.asks(resource=resource), 400, "invalid_target", "resource.allowed")


@pytest.mark.clause("RFC 8707 §2")
def test_a_resource_of_the_server_that_is_not_the_clients_is_refused(
    partner: Caller, verdict: Verdict, registered: Any
) -> None:
    verdict.accepted(partner.asks(resource=OTHER_RESOURCE))
    registered(resources=[RESOURCE])
    verdict.refused(partner.asks(resource=OTHER_RESOURCE), 400, "invalid_target", "resource.allowed")
