"""RFC 9068 §2 and RFC 8705 §3.1: the access tokens that are issued."""

import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from django.test import Client

from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.authserver.caller import RESOURCE, Caller, Verdict
from tests.authserver.conftest import PARTNER
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue

ISSUED_AT = int(NOW.timestamp())


def claims(answer: dict[str, Any]) -> dict[str, Any]:
    """The claims, after verification by the key that the server publishes."""
    header = jwt.get_unverified_header(answer["access_token"])
    keys = {key["kid"]: key for key in Client().get("/jwks").json()["keys"]}
    return jwt.decode(
        answer["access_token"],
        jwt.PyJWK(keys[header["kid"]]),
        algorithms=["ES256"],
        audience=RESOURCE,
        options={"verify_exp": False, "verify_iat": False},
    )


@pytest.mark.clause("RFC 9068 §2.1")
def test_the_header_says_that_it_is_an_access_token(partner: Caller, verdict: Verdict) -> None:
    header = jwt.get_unverified_header(verdict.accepted(partner.asks())["access_token"])
    assert set(header) == {"typ", "alg", "kid"}
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")


@pytest.mark.clause("RFC 9068 §2.2")
def test_the_claims_are_all_there(partner: Caller, partner_certificate: Issued, verdict: Verdict) -> None:
    read = claims(verdict.accepted(partner.asks()))
    assert len(read.pop("jti")) >= 20
    assert set(read.pop("status")) == {"status_list"}
    assert read == {
        "iss": "https://localhost:8441",
        "sub": "partner",
        "aud": RESOURCE,
        "exp": ISSUED_AT + 300,
        "iat": ISSUED_AT,
        "client_id": "partner",
        "scope": "accounts payments",
        "cnf": {"x5t#S256": certificate_thumbprint(partner_certificate.der)},
    }


@pytest.mark.clause("RFC 9068 §2.2")
def test_no_two_tokens_have_the_same_identifier(partner: Caller, verdict: Verdict) -> None:
    assert len({claims(verdict.accepted(partner.asks()))["jti"] for _ in range(20)}) == 20


@pytest.mark.clause("RFC 8705 §3.1")
def test_the_token_is_bound_to_the_certificate_of_the_connection(
    partner: Caller, scheme: Scheme, verdict: Verdict
) -> None:
    renewed = issue(scheme.issuing, subject=PARTNER)
    confirmation = claims(verdict.accepted(partner.with_certificate(renewed).asks()))["cnf"]
    assert confirmation == {"x5t#S256": certificate_thumbprint(renewed.der)}


def test_the_issuer_is_configuration_and_never_the_host_header(
    partner: Caller, verdict: Verdict, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    answer = verdict.accepted(partner.but(headers={"Host": "evil.example"}).asks())
    assert claims(answer)["iss"] == "https://localhost:8441"


def test_a_clients_own_lifetime_takes_the_place_of_the_default(
    partner: Caller, verdict: Verdict, registered: Any
) -> None:
    registered(access_token_lifetime_seconds=2)
    answer = verdict.accepted(partner.asks())
    assert (answer["expires_in"], claims(answer)["exp"]) == (2, ISSUED_AT + 2)


def test_the_servers_default_lifetime_is_a_setting(partner: Caller, verdict: Verdict, settings: Any) -> None:
    settings.ACCESS_TOKEN_LIFETIME_SECONDS = 60
    assert verdict.accepted(partner.asks())["expires_in"] == 60


@pytest.mark.parametrize(("left", "expected"), [(301, 300), (300, 300), (299, 299), (7, 7), (0, 0)])
def test_no_token_outlives_its_certificate(
    partner: Caller, scheme: Scheme, verdict: Verdict, left: int, expected: int
) -> None:
    certificate = issue(scheme.issuing, subject=PARTNER, not_after=NOW + timedelta(seconds=left))
    answer = verdict.accepted(partner.with_certificate(certificate).asks())
    assert answer["expires_in"] == expected
    assert claims(answer)["exp"] == ISSUED_AT + expected


@pytest.mark.clause("RFC 8705 §3")
def test_an_unbound_token_is_issued_under_demo_to_a_client_registered_for_it_and_refused_otherwise(
    partner: Caller, verdict: Verdict, registered: Any, settings: Any
) -> None:
    registered(tls_client_certificate_bound_access_tokens=False)
    settings.DEMO = True
    assert "cnf" not in claims(verdict.accepted(partner.asks()))
    settings.DEMO = False
    verdict.refused(partner.asks(), 400, "unauthorized_client", "issuing.bound")


def test_under_demo_other_clients_tokens_stay_bound(partner: Caller, verdict: Verdict, settings: Any) -> None:
    settings.DEMO = True
    assert "cnf" in claims(verdict.accepted(partner.asks()))


def test_neither_token_nor_form_reaches_the_audit_trail(partner: Caller, verdict: Verdict) -> None:
    answer = verdict.accepted(partner.asks())
    partner.asks(client_secret="very-secret-indeed", client_assertion="eyJ.secret.assertion")
    recorded = json.dumps(verdict.trail.events())
    assert answer["access_token"].split(".")[2] not in recorded
    assert "very-secret-indeed" not in recorded
    assert "eyJ.secret" not in recorded
