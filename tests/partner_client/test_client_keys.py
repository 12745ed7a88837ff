"""The keys with which the partner signs: by its settings, made before the first call, turned beside calls."""

import json
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from operations.certificates import client_keys
from operations.certificates.client_keys import client_key_turning, declared_keys, turn_client_keys
from operations.settings.environment import ServiceEnvironment
from partner_client import checks
from partner_client.banking.connection import connected
from sender_constraint.certificates.renewal import utc_now
from sender_constraint.client.signing import SigningKeys
from sender_constraint.core.thumbprints import jwk_thumbprint
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import public_jwk
from tests.sender_constraint.client.bank import Bank
from tests.sender_constraint.tls_server import Answer, TLSServer


@pytest.fixture
def keys(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SigningKeys:
    """Those of a client that signs both."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "partner"))
    keys = declared_keys(ServiceEnvironment("partner_client"), "dpop", "private_key_jwt")
    settings.CLIENT_KEYS = keys
    settings.BACKGROUND_TASKS = client_key_turning(keys, 60)
    return keys


def prepared() -> None:
    call_command("prepare", stdout=StringIO())


def test_a_client_by_certificate_alone_has_no_keys(settings: Settings) -> None:
    prepared()
    assert (settings.CLIENT_KEYS.dpop, settings.CLIENT_KEYS.assertion) == (None, None)
    assert Client().get("/jwks").json() == {"keys": []}


@pytest.mark.clause("RFC 7517 §5")
def test_what_is_prepared_once_is_shown_and_stays(keys: SigningKeys) -> None:
    prepared()
    prepared()
    response = Client().get("/jwks")
    assert response.headers["Content-Type"] == "application/jwk-set+json"
    (shown,) = response.json()["keys"]
    assert keys.assertion is not None
    assert public_jwk(shown).key_identifier == keys.assertion.current(utc_now()).identifier
    printed = StringIO()
    call_command("jwks", stdout=printed)
    assert json.loads(printed.getvalue()) == response.json()


def test_the_worker_turns_each_key_and_publishes_the_next_before_it_signs(
    keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert keys.dpop is not None
    assert keys.assertion is not None
    turn_client_keys()
    start = utc_now()
    first = keys.current_ids(start)

    def at(moment: datetime) -> None:
        monkeypatch.setattr(client_keys, "utc_now", lambda: moment)
        turn_client_keys()

    at(start + timedelta(hours=23))
    assert keys.current_ids(start + timedelta(hours=23)) == first
    turned = start + timedelta(hours=25)
    at(turned)
    dpop, assertion = keys.current_ids(turned)
    assert (dpop != first[0], assertion == first[1]) == (True, True)
    assert len(keys.assertion.published()) == 2
    assert keys.current_ids(turned + timedelta(seconds=300))[1] != first[1]
    at(turned + timedelta(seconds=900))
    assert len(keys.assertion.published()) == 1


def test_the_clients_connection_signs_with_its_keys(
    keys: SigningKeys, server: TLSServer, bank_server: Bank
) -> None:
    prepared()
    of_the_key = {"token_type": "DPoP"}
    bank_server.answers["/token"] = lambda asked: bank_server.token(asked, **of_the_key)
    bank_server.answers["/accounts"] = lambda _asked: Answer(200, {"accounts": []})
    with connected() as client:
        assert client.list_accounts() == []
    asked = next(each for each in server.asked if each.path == "/token")
    assert "client_assertion=" in asked.body.decode()
    assert jws.header_of(asked.headers["dpop"])["typ"] == "dpop+jwt"
    called = next(each for each in server.asked if each.path == "/accounts")
    assert called.headers["authorization"].startswith("DPoP ")
    assert jws.payload_of(called.headers["dpop"])["htu"] == f"{server.origin}/accounts"
    assert keys.dpop is not None
    assert jwk_thumbprint(jws.header_of(called.headers["dpop"])["jwk"]) == keys.dpop.current_id(utc_now())


def test_what_no_bank_registers_is_refused_at_start(settings: Settings) -> None:
    assert checks.check_client_keys() == []
    settings.TOKEN_BINDING, settings.CLIENT_AUTH_METHOD = "bearer", "client_secret_basic"
    assert [each.id for each in checks.check_client_keys()] == ["partner_client.E005", "partner_client.E006"]
