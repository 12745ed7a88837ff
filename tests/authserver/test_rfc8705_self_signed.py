"""RFC 8705 §2.2: client authentication by a certificate that the client registered, and by nothing else."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from authserver.clients.registered_client import RegisteredClient
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.caller import Caller, Verdict
from tests.authserver.conftest import PARTNER, PARTNER_DN
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue, make_scheme

CLIENT_ID = "self-signed"
OWN, NEXT, STRANGERS = (issue(None, subject=CLIENT_ID) for _ in range(3))


def keys(*certificates: Issued) -> dict[str, Any]:
    return {
        "keys": [{**jwk_of(each.key), "x5c": [base64.b64encode(each.der).decode()]} for each in certificates]
    }


METADATA: dict[str, Any] = {
    "client_id": CLIENT_ID,
    "token_endpoint_auth_method": "self_signed_tls_client_auth",
    "tls_client_auth_subject_dn": None,
    "jwks": keys(OWN, NEXT),
}


@pytest.fixture
def own(
    registered: Callable[..., RegisteredClient],
    now: list[datetime],  # noqa: ARG001 - a fixture used for its effect
) -> Caller:
    registered(**METADATA)
    return Caller(CLIENT_ID, (OWN.der,))


@pytest.mark.clause("RFC 8705 §2.2")
@pytest.mark.parametrize("certificate", [OWN, NEXT], ids=["one", "the other"])
def test_each_registered_certificate_authenticates_and_binds(
    own: Caller, verdict: Verdict, certificate: Issued
) -> None:
    answer = verdict.accepted(own.with_certificate(certificate).asks())
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["cnf"] == {"x5t#S256": certificate_thumbprint(certificate.der)}
    assert verdict.trail.last()["section"] == "RFC 8705 §2.2"


@pytest.mark.clause("RFC 8705 §2.2")
def test_a_certificate_that_is_not_registered_is_refused(own: Caller, verdict: Verdict) -> None:
    verdict.accepted(own.asks())
    event = verdict.refused(
        own.with_certificate(STRANGERS).asks(), 401, "invalid_client", "client.self-signed-certificate"
    )
    assert event["detail"]["presented"] == certificate_thumbprint(STRANGERS.der)


@pytest.mark.clause("RFC 8705 §2.2")
def test_the_same_key_and_name_in_another_certificate_are_not_the_registered_one(
    own: Caller, verdict: Verdict
) -> None:
    verdict.accepted(own.asks())
    again = issue(None, subject=CLIENT_ID, public_key=OWN.key.public_key())
    refused = own.with_certificate(again, OWN).asks()
    verdict.refused(refused, 401, "invalid_client", "client.self-signed-certificate")


@pytest.mark.clause("RFC 5280 §4.1.2.5")
def test_a_registered_certificate_counts_while_it_is_in_force(
    own: Caller, verdict: Verdict, now: list[datetime]
) -> None:
    verdict.accepted(own.asks())
    now[0] = NOW + timedelta(hours=2)
    verdict.refused(own.asks(), 401, "invalid_client", "certificate.expired")
    now[0] = NOW - timedelta(hours=2)
    verdict.refused(own.asks(), 401, "invalid_client", "certificate.not-yet-valid")


@pytest.mark.clause("RFC 8705 §2.2")
def test_a_removed_certificate_stops_and_a_new_one_works_at_once(
    own: Caller, verdict: Verdict, registered: Callable[..., RegisteredClient]
) -> None:
    verdict.accepted(own.asks())
    registered(**METADATA | {"jwks": keys(STRANGERS)})
    verdict.refused(own.asks(), 401, "invalid_client", "client.self-signed-certificate")
    verdict.accepted(own.with_certificate(STRANGERS).asks())


@pytest.mark.clause("RFC 8705 §2.1")
def test_a_pki_client_does_not_become_one_by_its_name(
    partner: Caller, verdict: Verdict, scheme: Scheme
) -> None:
    verdict.accepted(partner.asks())
    named = issue(None, subject=PARTNER)
    verdict.refused(partner.with_certificate(named).asks(), 401, "invalid_client", "certificate.chain")
    foreign = make_scheme("Foreign")
    other = issue(foreign.issuing, subject=PARTNER)
    refused = partner.with_certificate(other, foreign.issuing, foreign.root).asks()
    verdict.refused(refused, 401, "invalid_client", "certificate.chain")
    assert scheme.anchors


@pytest.mark.clause("RFC 8705 §2.2")
def test_a_self_signed_client_does_not_become_one_of_the_scheme_by_a_chain(
    own: Caller, verdict: Verdict, scheme: Scheme
) -> None:
    verdict.accepted(own.asks())
    of_the_scheme = issue(scheme.issuing, subject=CLIENT_ID)
    refused = own.with_certificate(of_the_scheme, scheme.issuing).asks()
    verdict.refused(refused, 401, "invalid_client", "client.self-signed-certificate")


@pytest.mark.clause("RFC 8705 §2.2")
def test_a_certificate_of_the_scheme_is_nobodys_own(
    own: Caller, verdict: Verdict, scheme: Scheme, registered: Callable[..., RegisteredClient]
) -> None:
    verdict.accepted(own.asks())
    of_the_scheme = issue(scheme.issuing, subject=CLIENT_ID)
    registered(**METADATA | {"jwks": keys(of_the_scheme)})
    refused = own.with_certificate(of_the_scheme, scheme.issuing).asks()
    verdict.refused(refused, 401, "invalid_client", "client.self-signed-of-scheme")


def test_a_connection_without_a_certificate_is_refused(own: Caller, verdict: Verdict) -> None:
    verdict.accepted(own.asks())
    verdict.refused(own.with_certificate().asks(), 401, "invalid_client", "certificate.missing")


def test_an_unknown_client_and_an_unregistered_certificate_cannot_be_told_apart(
    own: Caller, scheme: Scheme
) -> None:
    for certificate in (
        STRANGERS,
        issue(scheme.issuing, subject="stranger"),
        issue(scheme.issuing, usages=None),
    ):
        stranger = own.with_certificate(certificate, scheme.issuing)
        known, unknown = stranger.asks(), stranger.asks(client_id="nobody")
        assert known.content == unknown.content
        assert known.status_code == unknown.status_code == 401


def test_the_registered_name_of_the_scheme_is_still_compared(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    assert verdict.trail.last()["detail"]["subject"] == PARTNER_DN
