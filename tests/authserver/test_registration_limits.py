"""RFC 6585 §4: registration has limits, and a client that registered itself stays below the operator's."""

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from authserver.checks import check_registration_limits
from authserver.clients.models import Client, SelfRegistration
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import jwk_of
from tests.authserver.caller import Verdict
from tests.authserver.running import RunningServer
from tests.authserver.test_rfc7591_registration import BY_NAME, Registered, call, initial_token, register
from tests.authserver.test_software_statements import (
    CLAIMS,
    DIRECTORY,
    JWKS,
    KEY,
    KEY_ID,
    _directory,  # noqa: F401 - a fixture used for its effect
    shows,  # noqa: F401 - a fixture
    statement,
)
from tests.sender_constraint.pki import Issued
from tests.sender_constraint.responder import Responder

HOUR = timedelta(hours=1)


@pytest.mark.django_db
@pytest.mark.clause("RFC 6585 §4")
def test_of_one_software_so_many_clients_are_registered_and_a_deleted_one_makes_room(
    shows: Any,  # noqa: F811 - the fixture
    verdict: Verdict,
    settings: Any,
    partner_certificate: Issued,
) -> None:
    settings.REGISTRATIONS_PER_SOFTWARE_ID = 2
    first = shows().json()
    assert shows().status_code == 201
    refused = shows(statement(jti="another statement of the same software"))
    event = verdict.refused(refused, 429, "temporarily_unavailable", "registration-endpoint.software-limit")
    assert event["detail"]["software_id"] == "partner"
    assert refused.headers["Retry-After"] == "3600"
    assert Client.objects.count() == 2
    assert shows(statement(software_id="another")).status_code == 201

    path = first["registration_client_uri"].removeprefix("https://localhost:8441")
    deleted = call("DELETE", path, first["registration_access_token"], showing=(partner_certificate,))
    assert deleted.status_code == 204
    assert shows().status_code == 201
    assert shows().status_code == 429


@pytest.mark.django_db
@pytest.mark.clause("RFC 6585 §4")
def test_an_hour_has_so_many_registrations_whatever_became_of_them(
    verdict: Verdict, settings: Any, now: list[datetime], partner_certificate: Issued
) -> None:
    settings.REGISTRATIONS_PER_HOUR = 3
    began = now[0]
    for minutes in (0, 10, 20):
        now[0] = began + timedelta(minutes=minutes)
        gone = Registered(BY_NAME, partner_certificate)
    assert gone.asks("DELETE").status_code == 204
    token = initial_token(lifetime=7200)
    refused = register(BY_NAME, token)
    verdict.refused(refused, 429, "temporarily_unavailable", "registration-endpoint.hourly-limit")
    assert refused.headers["Retry-After"] == str(40 * 60)
    assert Client.objects.count() == 2
    # What was refused spent nothing: the same token registers once there is room.
    now[0] = began + HOUR
    assert register(BY_NAME, token).status_code == 201
    assert register(BY_NAME).status_code == 429
    assert SelfRegistration.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.clause("RFC 6585 §4")
def test_one_software_that_registers_and_deletes_leaves_room_for_all_others(
    shows: Any,  # noqa: F811 - the fixture
    verdict: Verdict,
    settings: Any,
) -> None:
    settings.REGISTRATIONS_PER_HOUR = 8
    for _ in range(2):
        assert shows().status_code == 201
        Client.objects.all().delete()
    verdict.refused(shows(), 429, "temporarily_unavailable", "registration-endpoint.hourly-limit")
    assert shows(statement(software_id="another")).status_code == 201
    assert register(BY_NAME).status_code == 201


@pytest.mark.django_db
def test_what_is_refused_for_another_reason_uses_up_no_room(
    shows: Any,  # noqa: F811 - the fixture
    settings: Any,
) -> None:
    settings.REGISTRATIONS_PER_HOUR = 4
    for _ in range(5):
        assert shows(scope="nothing-known", presented=statement(scope=None)).status_code == 400
    assert shows().status_code == 201


@pytest.mark.django_db
@pytest.mark.clause("RFC 7591 §3.2.2")
def test_a_client_that_registers_itself_stays_within_the_operators_lifetime(
    verdict: Verdict, settings: Any, partner_certificate: Issued
) -> None:
    longest = settings.ACCESS_TOKEN_LIFETIME_SECONDS
    registered = Registered({**BY_NAME, "access_token_lifetime_seconds": longest}, partner_certificate)
    for seconds in (longest + 1, 86_400):
        for refused in (
            register({**BY_NAME, "access_token_lifetime_seconds": seconds}),
            registered.updates(access_token_lifetime_seconds=seconds),
        ):
            verdict.refused(refused, 400, "invalid_client_metadata", "registration.lifetime")
            assert "access_token_lifetime_seconds" in refused.json()["error_description"]
    # The operator shortens the setting: what was registered before is not above it either.
    settings.ACCESS_TOKEN_LIFETIME_SECONDS = 60
    assert registered.asks().json()["access_token_lifetime_seconds"] == 60


@pytest.mark.django_db
def test_a_statement_does_not_exceed_the_operators_lifetime(
    shows: Any,  # noqa: F811 - the fixture
    verdict: Verdict,
) -> None:
    assert shows(statement(access_token_lifetime_seconds=60)).status_code == 201
    refused = shows(statement(access_token_lifetime_seconds=86_400))
    verdict.refused(refused, 400, "invalid_client_metadata", "registration.lifetime")


@pytest.mark.parametrize("name", ["REGISTRATIONS_PER_SOFTWARE_ID", "REGISTRATIONS_PER_HOUR"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_limit_below_one_is_found_at_start(settings: Any, name: str, value: int) -> None:
    assert check_registration_limits() == []
    setattr(settings, name, value)
    (message,) = check_registration_limits()
    assert name in message.msg


@pytest.mark.django_db(transaction=True)
def test_clients_that_registered_before_are_counted() -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes("clients")
    try:
        old = executor.migrate([("clients", "0005_assertion_audience")]).apps.get_model("clients", "Client")
        for client_id, compact in (("stated", statement()), ("by-operator", "")):
            old.objects.create(
                client_id=client_id, token_endpoint_auth_method="tls_client_auth", scope="accounts",
                default_resource="https://api.example", software_statement=compact,
            )  # fmt: skip
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert Client.objects.get(client_id="stated").software_id == "partner"
    assert Client.objects.get(client_id="by-operator").software_id == ""


AT_ONCE = 16
LIMIT = 3


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server of its own, with small limits."""
    root = tmp_path_factory.mktemp("limited")
    keys = root / "directory.json"
    keys.write_text(json.dumps(JWKS))
    with Responder() as responder:
        server = RunningServer(root, responder)
        server._environment |= {
            "SOFTWARE_STATEMENT_ISSUER": DIRECTORY,
            "SOFTWARE_STATEMENT_JWKS": str(keys),
            "REGISTRATIONS_PER_SOFTWARE_ID": str(LIMIT),
            "REGISTRATIONS_PER_HOUR": str(4 * LIMIT),
            "WEB_CONCURRENCY": "2",
        }
        server.prepare()
        try:
            server.start()
            yield server
        finally:
            log = server.stop()
    assert "Traceback" not in log, log


@pytest.mark.clause("RFC 6585 §4")
def test_of_registrations_at_the_same_time_no_more_are_accepted(limited: RunningServer) -> None:
    own_key = ec.generate_private_key(ec.SECP256R1())
    seconds = int(datetime.now(UTC).timestamp())

    def registers(software_id: str) -> int:
        stated = {
            **{name: CLAIMS[name] for name in ("iss", "scope", "client_name")},
            "iat": seconds - 5,
            "exp": seconds + 600,
            "software_id": software_id,
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [jwk_of(own_key)]},
        }
        compact = jws.sign({"typ": "software-statement+jwt", "kid": KEY_ID}, stated, KEY)
        with closing(limited._connect(())) as connection:
            body = json.dumps({"software_statement": compact})
            connection.request("POST", "/register", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            assert (response.headers["Retry-After"] is not None) is (response.status == 429)
            return response.status

    with ThreadPoolExecutor(AT_ONCE) as racing:
        of_one = Counter(racing.map(registers, ["one"] * AT_ONCE))
        of_many = Counter(racing.map(registers, [f"many-{number}" for number in range(AT_ONCE)]))
    assert of_one == {201: LIMIT, 429: AT_ONCE - LIMIT}
    assert of_many == {201: 3 * LIMIT, 429: AT_ONCE - 3 * LIMIT}
