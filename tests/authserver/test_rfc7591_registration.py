"""RFC 7591 §3, RFC 7592 §2: clients register themselves, and manage what they registered."""

import hashlib
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client as HttpClient

from authserver.clients.models import Client, find_client
from authserver.clients.registered_client import RegisteredClient
from authserver.issued_tokens.models import IssuedToken, OneTimeUse
from tests.authserver.asserting import METADATA as ASSERTING
from tests.authserver.asserting import Asserting
from tests.authserver.caller import RESOURCE, Caller, Verdict
from tests.authserver.conftest import PARTNER_DN
from tests.authserver.test_rfc8705_self_signed import NEXT, OWN, STRANGERS, keys
from tests.connection import FakeTLSSocket
from tests.sender_constraint.dpop.proofs import Memory
from tests.sender_constraint.pki import NOW, Issued, Scheme, issue

JSON = "application/json"
BY_NAME: dict[str, Any] = {
    "client_name": "Acme Ltd",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": PARTNER_DN,
    "scope": "accounts",
}
BY_OWN_CERTIFICATE: dict[str, Any] = {
    "token_endpoint_auth_method": "self_signed_tls_client_auth",
    "jwks": keys(OWN),
}
BY_KEY: dict[str, Any] = {
    name: value for name, value in ASSERTING.items() if value is not None and name != "client_id"
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock(now: list[datetime]) -> list[datetime]:
    return now


def initial_token(lifetime: int = 60) -> str:
    out = io.StringIO()
    call_command("initial_access_token", "--lifetime", str(lifetime), stdout=out)
    return out.getvalue().strip()


def call(
    method: str,
    path: str,
    token: str | None,
    metadata: Any = None,
    *,
    showing: tuple[Issued, ...] = (),
    **more: Any,
) -> Any:
    connection: dict[str, Any] = {"gunicorn.socket": FakeTLSSocket(tuple(each.der for each in showing))}
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = metadata if isinstance(metadata, bytes) else json.dumps(metadata) if metadata is not None else ""
    return HttpClient().generic(
        method, path, data=body, content_type=more.get("content_type", JSON), headers=headers, **connection
    )


def register(metadata: Any, token: str | None = "", **more: Any) -> Any:
    return call("POST", "/register", initial_token() if token == "" else token, metadata, **more)


class Registered:
    """A client that registered itself, and its registration access token."""

    def __init__(self, metadata: dict[str, Any], *showing: Issued) -> None:
        response = register(metadata)
        assert response.status_code == 201, response.content
        self.information = response.json()
        self.client_id = self.information["client_id"]
        self.token = self.information["registration_access_token"]
        self.path = self.information["registration_client_uri"].removeprefix("https://localhost:8441")
        self.showing = showing

    def asks(self, method: str = "GET", metadata: Any = None, **changes: Any) -> Any:
        showing = changes.pop("showing", self.showing)
        return call(
            method,
            changes.get("path", self.path),
            changes.get("token", self.token),
            metadata,
            showing=showing,
        )

    def updates(self, **changes: Any) -> Any:
        answered = ("registration_access_token", "registration_client_uri", "client_id_issued_at")
        metadata = {name: value for name, value in self.information.items() if name not in answered}
        return self.asks("PUT", {**metadata, **changes})


@pytest.mark.clause("RFC 7591 §3.2.1")
@pytest.mark.parametrize("metadata", [BY_NAME, BY_OWN_CERTIFICATE, BY_KEY], ids=["name", "own", "key"])
def test_a_client_registers_itself_and_is_told_what_it_is(verdict: Verdict, metadata: dict[str, Any]) -> None:
    response = register(metadata)
    assert (response.status_code, response.headers["Cache-Control"]) == (201, "no-store")
    told = response.json()
    assert {name: told[name] for name in metadata} == metadata
    assert told["registration_client_uri"] == f"https://localhost:8441/register/{told['client_id']}"
    assert find_client(told["client_id"]) is not None
    event = verdict.trail.last()
    assert (event["event"], event["client_id"]) == ("client.registered", told["client_id"])
    assert told["registration_access_token"] not in verdict.trail.file.read_text()


@pytest.mark.clause("RFC 7592 §3")
def test_the_registration_access_token_is_kept_as_a_hash() -> None:
    registered = Registered(BY_KEY)
    row = Client.objects.get(client_id=registered.client_id)
    assert row.registration_access_token_hash == hashlib.sha256(registered.token.encode()).hexdigest()
    assert len(registered.token) == 43


@pytest.mark.clause("RFC 7591 §3")
def test_without_a_good_initial_access_token_nobody_registers(verdict: Verdict, now: list[datetime]) -> None:
    assert register(BY_NAME).status_code == 201
    before = Client.objects.count()

    def refused(token: str | None, rule: str) -> None:
        response = register(BY_NAME, token)
        verdict.refused(response, 401, "invalid_token", rule)
        assert response.headers["WWW-Authenticate"].startswith("Bearer ")

    refused(None, "registration-endpoint.token-missing")
    refused("x" * 600, "registration-endpoint.token-missing")
    refused("guessed", "registration-endpoint.initial-token")
    content, _, signature = initial_token().partition(".")
    refused(f"{content}x.{signature}", "registration-endpoint.initial-token")
    late = initial_token(lifetime=60)
    now[0] = NOW + timedelta(seconds=60)
    refused(late, "registration-endpoint.initial-token")
    assert Client.objects.count() == before


@pytest.mark.clause("RFC 7591 §3")
def test_an_initial_access_token_is_good_for_one_registration_and_not_spent_by_a_refused_one(
    verdict: Verdict,
) -> None:
    token = initial_token()
    verdict.refused(register({}, token), 400, "invalid_client_metadata", "registration.auth-method")
    assert register(BY_NAME, token).status_code == 201
    verdict.refused(
        register(BY_NAME, token), 401, "invalid_token", "registration-endpoint.initial-token-used"
    )


@pytest.mark.clause("RFC 7591 §3")
def test_an_initial_access_token_is_spent_with_the_registration_or_not_at_all(
    verdict: Verdict, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.away = True  # the replay store does not matter here
    token = initial_token()

    def full(*_: Any, **__: Any) -> None:
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(Client, "save", full)
        refused = register(BY_NAME, token)
        verdict.refused(refused, 503, "temporarily_unavailable", "service.database")
    assert not OneTimeUse.objects.exists()
    before = Client.objects.count()
    assert register(BY_NAME, token).status_code == 201
    again = register(BY_NAME, token)
    verdict.refused(again, 401, "invalid_token", "registration-endpoint.initial-token-used")
    assert (Client.objects.count(), OneTimeUse.objects.count()) == (before + 1, 1)


REFUSED: list[tuple[Any, str]] = [
    ({"client_id": "partner"}, "registration-endpoint.operators-members"),
    ({"introspects": [RESOURCE]}, "registration-endpoint.operators-members"),
    ({"assertion_audience_token_endpoint": True}, "registration-endpoint.operators-members"),
    ({"assertion_audience_token_endpoint": False}, "registration-endpoint.operators-members"),
    ({"tls_client_certificate_bound_access_tokens": False}, "registration.bound-tokens"),
    ({"token_endpoint_auth_method": "client_secret_basic"}, "registration.auth-method"),
    ({"tls_client_auth_san_dns": "acme.example"}, "registration.one-name"),
]


@pytest.mark.clause("RFC 7591 §3.2.2")
@pytest.mark.parametrize(("change", "rule"), REFUSED, ids=str)
def test_what_only_an_operator_may_say_and_what_contradicts_itself_is_refused(
    verdict: Verdict, settings: Any, change: dict[str, Any], rule: str
) -> None:
    settings.DEMO = True
    assert register(BY_NAME).status_code == 201
    verdict.refused(register({**BY_NAME, **change}), 400, "invalid_client_metadata", rule)


@pytest.mark.clause("RFC 7591 §3.1")
@pytest.mark.parametrize(
    ("body", "content_type", "rule"),
    [
        (b"{", JSON, "registration.document"),
        (b"[]", JSON, "registration.document"),
        (b"x" * 70_000, JSON, "registration.document"),
        (b"a=b", "application/x-www-form-urlencoded", "registration-endpoint.media-type"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_body_that_is_no_metadata_is_refused(
    verdict: Verdict, body: bytes, content_type: str, rule: str
) -> None:
    assert register(BY_NAME).status_code == 201
    response = register(body, content_type=content_type)
    verdict.refused(response, 400, "invalid_client_metadata", rule)


@pytest.mark.clause("RFC 7592 §2.1")
def test_a_client_with_a_key_reads_updates_and_deletes_what_it_registered(verdict: Verdict) -> None:
    registered = Registered(BY_KEY)
    assert registered.asks().json() == registered.information
    updated = registered.updates(client_name="Acme Ltd", access_token_lifetime_seconds=60)
    assert updated.status_code == 200, updated.content
    assert updated.json()["client_name"] == "Acme Ltd"
    assert registered.asks().json()["access_token_lifetime_seconds"] == 60
    gone = registered.asks("DELETE")
    assert (gone.status_code, gone.content) == (204, b"")
    assert verdict.trail.last()["event"] == "client.removed"
    assert find_client(registered.client_id) is None
    verdict.refused(registered.asks(), 401, "invalid_token", "registration-endpoint.registration-token")


@pytest.mark.clause("RFC 7592 §2")
def test_another_clients_token_and_an_unknown_client_are_one_answer(verdict: Verdict) -> None:
    registered, other = Registered(BY_KEY), Registered(BY_KEY)
    assert registered.asks().status_code == 200
    wrong = registered.asks(token=other.token)
    unknown = registered.asks(path="/register/nobody")
    verdict.refused(wrong, 401, "invalid_token", "registration-endpoint.registration-token")
    assert wrong.content == unknown.content
    assert wrong.status_code == unknown.status_code == 401


def test_a_client_that_an_operator_registered_has_no_such_token(
    partner: Caller, verdict: Verdict, partner_certificate: Issued
) -> None:
    verdict.accepted(partner.asks())
    for token in ("", "x", "0" * 64):
        response = call("GET", "/register/partner", token or None, showing=(partner_certificate,))
        assert response.status_code == 401


@pytest.mark.clause("RFC 7592 §2.2")
@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"client_id": "partner"}, "registration-endpoint.same-client"),
        ({"client_id": None}, "registration-endpoint.same-client"),
        ({"registration_access_token": "x"}, "registration-endpoint.answered-members"),
        ({"client_id_issued_at": 1}, "registration-endpoint.answered-members"),
        ({"introspects": [RESOURCE]}, "registration-endpoint.operators-members"),
        ({"assertion_audience_token_endpoint": True}, "registration-endpoint.operators-members"),
        (
            {
                "token_endpoint_auth_method": "self_signed_tls_client_auth",
                "dpop_bound_access_tokens": True,
                "jwks": keys(OWN),
            },
            "registration-endpoint.same-method",
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_an_update_that_a_client_may_not_make_is_refused(
    verdict: Verdict, changes: dict[str, Any], rule: str
) -> None:
    registered = Registered(BY_KEY)
    assert registered.updates().status_code == 200
    verdict.refused(registered.updates(**changes), 400, "invalid_client_metadata", rule)
    assert registered.asks().json() == registered.information


@pytest.mark.clause("RFC 7592 §3")
def test_where_a_client_authenticates_by_tls_its_token_counts_beside_its_certificate_alone(
    verdict: Verdict, partner_certificate: Issued, scheme: Scheme
) -> None:
    registered = Registered(BY_NAME, partner_certificate)
    assert registered.asks().status_code == 200
    for showing in ((), (issue(scheme.issuing, subject="thief"),), (OWN,)):
        response = registered.asks(showing=showing)
        verdict.refused(response, 401, "invalid_token", "registration-endpoint.certificate")
    renewed = issue(scheme.issuing, subject=partner_certificate.certificate.subject)
    assert registered.asks(showing=(renewed,)).status_code == 200


@pytest.mark.clause("RFC 8705 §2.2")
def test_a_self_signed_client_turns_its_certificate_and_what_was_bound_to_the_old_one_ends(
    verdict: Verdict,
) -> None:
    registered = Registered(BY_OWN_CERTIFICATE | {"jwks": keys(OWN, NEXT)}, OWN)
    old, new = Caller(registered.client_id, (OWN.der,)), Caller(registered.client_id, (NEXT.der,))
    verdict.accepted(old.asks())
    verdict.accepted(new.asks())
    updated = registered.updates(jwks=keys(NEXT))
    assert updated.status_code == 200
    assert verdict.trail.last()["detail"]["revoked_tokens"] == 1
    verdict.refused(old.asks(), 401, "invalid_client", "client.self-signed-certificate")
    verdict.accepted(new.asks())
    refused = registered.asks(showing=(OWN,))
    verdict.refused(refused, 401, "invalid_token", "registration-endpoint.certificate")
    assert IssuedToken.objects.filter(revoked_at__isnull=True).count() == 2
    assert registered.asks(showing=(STRANGERS,)).status_code == 401


def test_what_is_deleted_leaves_no_token_behind(verdict: Verdict) -> None:
    registered = Registered(BY_KEY)
    asserting = Asserting(Caller("", ()))
    claims = {"iss": registered.client_id, "sub": registered.client_id}
    verdict.accepted(asserting.asks(assertion=asserting.assertion(**claims)))
    assert registered.asks("DELETE").status_code == 204
    assert not IssuedToken.objects.filter(revoked_at__isnull=True).exists()


def test_an_operator_replaces_what_a_client_registered(
    registered: Callable[..., RegisteredClient], tmp_path: Any, verdict: Verdict
) -> None:
    metadata = {**BY_OWN_CERTIFICATE, "client_id": "own", "jwks": keys(OWN)}
    registered(**metadata, tls_client_auth_subject_dn=None)
    verdict.accepted(Caller("own", (OWN.der,)).asks())
    file = tmp_path / "own.json"
    file.write_text(json.dumps({**metadata, "jwks": keys(NEXT)}))
    call_command("register_client", str(file), "--replace", stdout=io.StringIO())
    verdict.accepted(Caller("own", (NEXT.der,)).asks())
    assert IssuedToken.objects.filter(revoked_at__isnull=False).count() == 1
