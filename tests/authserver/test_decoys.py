"""An unknown client costs what a known one costs: the same checks, of a decoy. What it takes is measured in
tests/benchmarks/registered_clients.py."""

from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from authserver.client_authentication.assertions import ASSERTION_TYPE
from authserver.client_authentication.certificate_names import check_registered_name
from authserver.client_authentication.decoys import registered_for
from authserver.clients.models import Client, find_client
from authserver.clients.registered_client import PRIVATE_KEY_JWT, TLS_CLIENT_AUTH
from sender_constraint.jose import jws
from tests.authserver.asserting import CLIENT_ID, KEYS, METADATA
from tests.authserver.caller import Caller, Verdict
from tests.sender_constraint.pki import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.clause("RFC 6749 §5.2")]

ISSUER = "https://localhost:8441"
STRANGER = "not-there"


@pytest.fixture
def verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signatures were verified."""
    tokens: list[str] = []
    verify = jws.is_signed_by

    def counted(token: str, key: jws.PublicKey) -> bool:
        tokens.append(token)
        return verify(token, key)

    monkeypatch.setattr(jws, "is_signed_by", counted)
    return tokens


def asserting(client_id: str, key: jws.PrivateKey, kid: str | None) -> Caller:
    seconds = int(NOW.timestamp())
    header = {"typ": "JWT"} | ({} if kid is None else {"kid": kid})
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": ISSUER,
        "jti": "once",
        "iat": seconds,
        "exp": seconds + 60,
    }
    form = {
        "client_id": None,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": jws.sign(header, claims, key),
    }
    return Caller(client_id, (), form=form)


@pytest.mark.parametrize("kid", [None, "ES256", "unknown"])
@pytest.mark.parametrize("algorithm", jws.ALGORITHMS)
@pytest.mark.usefixtures("now")
def test_an_assertion_of_an_unknown_client_is_verified_as_one_of_a_known_client_is(
    registered: Callable[..., Any],
    verdict: Verdict,
    verifications: list[str],
    algorithm: str,
    kid: str | None,
) -> None:
    registered(**METADATA, token_endpoint_auth_signing_alg="ES256")
    key = ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else KEYS[algorithm]
    answers = {}
    for client_id, rules in (
        (CLIENT_ID, {"assertion.key", "assertion.signature", "assertion.client-algorithm"}),
        (STRANGER, {"client.known"}),
    ):
        verifications.clear()
        response = asserting(client_id, key, kid).asks()
        answers[client_id] = (response.status_code, response.content)
        assert verdict.trail.last()["rule"] in rules
        assert len(verifications) == 1
    assert answers[CLIENT_ID] == answers[STRANGER]


def test_an_assertion_of_a_client_of_another_method_costs_one_verification_too(
    partner: Caller, verdict: Verdict, verifications: list[str]
) -> None:
    verdict.accepted(partner.asks())
    response = asserting("partner", ec.generate_private_key(ec.SECP256R1()), None).asks()
    verdict.refused(response, 401, "invalid_client", "client.registered-method")
    assert len(verifications) == 1


def test_the_name_of_a_certificate_is_compared_for_an_unknown_client_too(
    partner: Caller, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def counted(client: Any, certificate: Any) -> None:
        compared.append(client)
        check_registered_name(client, certificate)

    where = "authserver.client_authentication.authenticate.check_registered_name"
    monkeypatch.setattr(where, counted)
    verdict.accepted(partner.asks())
    verdict.refused(partner.but(client_id=STRANGER).asks(), 401, "invalid_client", "client.known")
    assert [each.client_id for each in compared] == ["partner", ""]


def test_a_decoy_is_no_client(partner: Caller) -> None:
    del partner
    known = find_client("partner")
    assert registered_for(TLS_CLIENT_AUTH, known) is known
    for method in (TLS_CLIENT_AUTH, PRIVATE_KEY_JWT):
        decoy = registered_for(method, None)
        assert decoy.client_id == ""
        assert decoy.token_endpoint_auth_method == method
        assert registered_for(method, None) is decoy
    assert find_client("") is None
    assert find_client(STRANGER) is None
    assert Client.objects.count() == 1
