"""Report mode of the authorization server: a proof that is missing or wrong is told, and not refused."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError

from authserver.clients.registered_client import RegisteredClient
from operations.settings.fapi2 import FAPI2
from sender_constraint.core.revocation import State
from tests.authserver.asserting import CLIENT_ID, METADATA, STRANGERS_KEY, Asserting
from tests.authserver.caller import Caller, Verdict
from tests.sender_constraint.pki import Issued
from tests.sender_constraint.statuses import Statuses

OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def asserting(
    registered: Callable[..., RegisteredClient],
    now: list[Any],  # noqa: ARG001 - a fixture used for its effect
    settings: Any,
) -> Asserting:
    registered(**METADATA)
    settings.REPORT_CLIENTS = [CLIENT_ID]
    return Asserting(Caller(CLIENT_ID, ()))


def claims_of(answer: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(answer["access_token"], options={"verify_signature": False})
    return read


def reports(verdict: Verdict) -> list[dict[str, Any]]:
    return [each for each in verdict.trail.events() if each["event"] == "binding.reported"]


@pytest.mark.clause("RFC 9449 §5")
def test_a_missing_proof_is_told_and_the_token_is_unbound(asserting: Asserting, verdict: Verdict) -> None:
    before = len(reports(verdict))
    answer = verdict.accepted(asserting.asks(proof=None))
    assert "cnf" not in claims_of(answer)
    assert answer["token_type"] == "Bearer"
    (told,) = reports(verdict)[before:]
    assert (told["outcome"], told["client_id"], told["rule"]) == ("recorded", CLIENT_ID, "dpop.missing")


@pytest.mark.clause("RFC 9449 §4.3")
def test_a_wrong_proof_is_told_by_its_rule(asserting: Asserting, verdict: Verdict) -> None:
    verdict.accepted(asserting.asks(proof=asserting.proof(htu="https://other.example/token")))
    assert reports(verdict)[-1]["rule"] == "dpop.url"


@pytest.mark.clause("RFC 9449 §8")
def test_no_nonce_is_demanded_but_told(asserting: Asserting, verdict: Verdict, settings: Any) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"DPOP_NONCE_REQUIRED": True}
    verdict.accepted(asserting.asks(proof=None))
    assert reports(verdict)[-1]["rule"] == "dpop.missing"
    verdict.accepted(asserting.asks())
    assert reports(verdict)[-1]["rule"] == "dpop.nonce"


def test_a_good_proof_binds_as_ever_and_is_not_told(asserting: Asserting, verdict: Verdict) -> None:
    before = len(reports(verdict))
    answer = verdict.accepted(asserting.asks())
    assert "jkt" in claims_of(answer)["cnf"]
    assert len(reports(verdict)) == before


@pytest.mark.clause("RFC 7523 §3")
def test_authentication_is_as_ever(asserting: Asserting, verdict: Verdict) -> None:
    forged = asserting.assertion(key=STRANGERS_KEY, header={"kid": "ES256"})
    verdict.refused(
        asserting.asks(assertion=forged, proof=None), 401, "invalid_client", "assertion.signature"
    )


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_revocation_is_as_ever(
    registered: Callable[..., RegisteredClient],
    asserting: Asserting,
    verdict: Verdict,
    statuses: Statuses,
    partner_certificate: Issued,
) -> None:
    binding = {"dpop_bound_access_tokens": None, "tls_client_certificate_bound_access_tokens": True}
    registered(**{**METADATA, **binding})
    verdict.accepted(asserting.asks(proof=None))
    assert reports(verdict)[-1]["rule"] == "certificate.missing"
    on_tls = Asserting(asserting.caller.with_certificate(partner_certificate))
    assert "x5t#S256" in claims_of(verdict.accepted(on_tls.asks(proof=None)))["cnf"]
    statuses.say(partner_certificate.certificate, State.REVOKED)
    verdict.refused(on_tls.asks(proof=None), 400, "invalid_request", "certificate.revoked")


def test_other_clients_are_refused_as_ever(asserting: Asserting, verdict: Verdict, settings: Any) -> None:
    settings.REPORT_CLIENTS = ["somebody-else"]
    verdict.refused(asserting.asks(proof=None), 400, "invalid_dpop_proof", "dpop.missing")


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
def test_a_client_of_fapi_2_is_refused_as_ever(
    registered: Callable[..., RegisteredClient], asserting: Asserting, verdict: Verdict
) -> None:
    registered(**METADATA, profile=FAPI2)
    verdict.refused(asserting.asks(proof=None), 400, "invalid_dpop_proof", "dpop.missing")


def test_it_is_announced_at_start_and_impossible_under_fapi_2(settings: Any) -> None:
    settings.DEMO = False
    settings.REPORT_CLIENTS = ["slow-coach"]
    assert [each.id for each in run_checks(tags=["authserver"])] == ["authserver.W020"]
    settings.PROFILE = FAPI2
    assert "sender_constraint.E014" in [each.id for each in run_checks(tags=["authserver"])]


def test_what_was_told_is_counted(asserting: Asserting, capsys: pytest.CaptureFixture[str]) -> None:
    asserting.asks(proof=None)
    with pytest.raises(CommandError, match="enforcing would refuse these calls"):
        call_command("reported")
    assert f" of {CLIENT_ID}: dpop.missing, last at " in capsys.readouterr().out
