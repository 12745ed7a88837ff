"""Report mode over real TLS: what lacks its proof is served and counted; all else is refused as ever."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from sender_constraint.certificates.placed import PlacedFiles
from tests.examples.installed import Installed
from tests.examples.orders import Orders, credentials_of, prepared, served, thumbprint_of
from tests.examples.proofs import JKT, proof_of
from tests.foreign.authorization_server import ForeignServer, placed
from tests.redis_server import running_redis
from tests.sender_constraint.responder import Responder
from tests.sender_constraint.scheme_status import SchemeStatus
from tests.waiting import eventually
from workshop.environment.ports import free_port
from workshop.wire import NO_CREDENTIALS, Exchange

ORDERS = {"orders": ["order-1", "order-2"]}


@pytest.fixture(scope="module")
def reporting(
    tmp_path_factory: pytest.TempPathFactory,
    issuer: ForeignServer,
    responder: Responder,
    installed: Installed,
) -> Iterator[Orders]:
    folder = tmp_path_factory.mktemp("reporting")
    with (
        running_redis(free_port(), folder) as redis,
        served(
            folder, issuer, responder, installed, patched=True, reports=True, redis_url=redis.url
        ) as running,
    ):
        yield running


def reported(orders: Orders, installed: Installed, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [installed.python, "manage.py", "reported", "--log", orders.log, *options],
        cwd=orders.code,
        env=orders.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def event(orders: Orders, answer: Exchange, name: str) -> dict[str, Any]:
    """What the trail has of a call under this name."""
    events = (each for each in orders.events() if each["event"] == name)
    (told,) = (each for each in events if each.get("correlation_id") == answer.correlation_id)
    return told


def test_it_is_announced_at_start(reporting: Orders) -> None:
    said = reporting.log.read_text()
    assert "(sender_constraint.W004) REPORT_ROUTES is set: orders accept access tokens without proof" in said


@pytest.mark.clause("RFC 8705 §3")
def test_a_call_without_proof_is_served_and_told_by_its_rule(
    reporting: Orders, issuer: ForeignServer, token: str, thief: PlacedFiles
) -> None:
    calls = (
        (issuer.token(None), NO_CREDENTIALS, "binding.unbound"),
        (token, NO_CREDENTIALS, "binding.certificate-missing"),
        (token, credentials_of(thief), "binding.certificate"),
    )
    for presented, credentials, rule in calls:
        answer = reporting.get(presented, credentials)
        assert (answer.status, answer.json()) == (200, ORDERS)
        told = event(reporting, answer, "binding.reported")
        assert (told["outcome"], told["rule"], told["client_id"]) == ("recorded", rule, "partner")
        assert told["detail"]["route"] == "orders"


@pytest.mark.clause("RFC 9449 §7.2")
def test_dpop_bound_tokens_without_a_good_proof_are_served_and_told(
    reporting: Orders, issuer: ForeignServer
) -> None:
    token = issuer.token(None, jkt=JKT)
    other = proof_of("https://other.example/orders", token)
    calls = (
        (reporting.get(token), "binding.dpop-token-as-bearer"),
        (reporting.proven(token, None), "dpop.missing"),
        (reporting.proven(token, other), "dpop.url"),
    )
    for answer, rule in calls:
        assert answer.status == 200
        assert event(reporting, answer, "binding.reported")["rule"] == rule


def test_a_call_with_its_proof_is_not_told(reporting: Orders, token: str, partner: PlacedFiles) -> None:
    answer = reporting.get(token, credentials_of(partner))
    assert answer.status == 200
    assert not any(each.get("correlation_id") == answer.correlation_id for each in reporting.events())


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"aud": "https://other.example"}, "token.audience"),
        ({"iss": "https://thief.example"}, "token.issuer"),
        ({"exp": 1}, "token.expired"),
        ({"cnf": {}}, "confirmation.malformed"),
    ],
)
def test_the_token_itself_is_refused_as_ever(
    reporting: Orders, issuer: ForeignServer, changes: dict[str, Any], rule: str
) -> None:
    issuer.habits.claims = changes
    try:
        token = issuer.token(None)
    finally:
        issuer.habits.claims = {}
    answer = reporting.get(token)
    assert (answer.status, answer.error) == (401, "invalid_token")
    assert event(reporting, answer, "api.call")["rule"] == rule


def test_a_signature_that_is_not_the_issuer_s_is_refused_as_ever(reporting: Orders, token: str) -> None:
    answer = reporting.get(token[:-4] + "AAAA")
    assert (answer.status, answer.error) == (401, "invalid_token")
    assert event(reporting, answer, "api.call")["rule"] == "token.signature"


@pytest.mark.clause("RFC 5280 §6.1.3")
@pytest.mark.parametrize("bound", [True, False])
def test_a_revoked_certificate_is_refused_as_ever_also_beside_an_unbound_token(
    reporting: Orders, issuer: ForeignServer, responder: Responder, tmp_path: Path, bound: bool
) -> None:
    other = placed(issuer.authority, tmp_path, "other")
    token = issuer.token(thumbprint_of(other) if bound else None)
    assert reporting.get(token, credentials_of(other)).status == 200
    status = responder.reply
    assert isinstance(status, SchemeStatus)
    certificate = x509.load_pem_x509_certificate(other.certificate.read_bytes())
    status.revoked[certificate.serial_number] = datetime.now(UTC)

    def refused() -> Exchange | None:
        answer = reporting.get(token, credentials_of(other))
        return answer if answer.status == 401 else None

    answer = eventually(refused, "the certificate is not refused")
    assert event(reporting, answer, "api.call")["rule"] == "certificate.revoked"


def test_what_was_reported_is_counted(reporting: Orders, installed: Installed, issuer: ForeignServer) -> None:
    token = issuer.token(None, client_id="slow-coach")
    for _ in range(3):
        assert reporting.get(token).status == 200
    counted = reported(reporting, installed)
    assert counted.returncode == 1
    assert "3 of slow-coach on orders: binding.unbound, last at " in counted.stdout
    assert "slow-coach" in reported(reporting, installed, "--json").stdout
    assert "report mode: slow-coach would be refused by binding.unbound" in reporting.log.read_text()
    later = reported(reporting, installed, "--since", "2999-01-01")
    assert (later.returncode, later.stdout) == (0, "no client called without proof\n")


def test_a_route_that_is_none_ends_the_start(
    tmp_path: Path, issuer: ForeignServer, responder: Responder, installed: Installed
) -> None:
    orders = prepared(tmp_path, issuer, responder)
    orders.set(REPORT_ROUTES=["order"])
    checked = subprocess.run(
        [installed.python, "manage.py", "check", "--tag", "sender_constraint"],
        cwd=orders.code,
        env=orders.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1
    assert "(sender_constraint.E012) REPORT_ROUTES has unknown routes: order." in checked.stderr
    assert "This service's routes are orders." in checked.stderr
