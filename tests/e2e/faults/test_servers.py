"""Authorization server and API away, mute, noisy, slow, or talking nonsense: what the partner sees of it.

Each stands behind a gate on the port that everybody knows. Nobody is told, and nobody is restarted.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from operations.alarms.alarms import Alarms
from operations.alarms.calls import CallAlarms
from operations.audit.audit_trail import AuditTrail
from partner_client.banking.client import BankingClient
from partner_client.banking.errors import AnswerUnusable, BankError, BankRefused
from sender_constraint.client.errors import CallFailed, MetadataInvalid, ServerUnreachable
from tests.e2e.calling import APICaller
from tests.e2e.faults.gate import Behaviour, Gate
from tests.e2e.faults.nonsense import NONSENSE, talking
from tests.e2e.faults.observing import level
from tests.e2e.faults.paying import QUICK, calling, instruction_of, paying
from tests.e2e.minting import Mint
from tests.e2e.test_api_issuer_outage import of_a_new_key, until
from tests.e2e.verdict import Verdict
from tests.waiting import eventually
from workshop.environment.deployment import Deployment

FAULTS = [*(each.name.lower() for each in Behaviour if each is not Behaviour.OPEN), *NONSENSE]
# Two attempts, each of which may end its last wait late.
LONGEST_SECONDS = 2 * QUICK.total_seconds + 1
# The API gives its issuer five seconds for both documents, and the last wait may end late.
LONGEST_REFUSAL_SECONDS = 11
ANSWERED = "api.call"


@contextmanager
def at_fault(deployment: Deployment, gate: Gate, service: str, fault: str) -> Iterator[None]:
    """The service has this fault; then it is as it was."""
    with ExitStack() as stack:
        if fault in NONSENSE:
            talker = stack.enter_context(talking(deployment.states[service], fault))
            gate.behave(Behaviour.OPEN, talker.port)
        else:
            gate.behave(Behaviour[fault.upper()])
        try:
            yield
        finally:
            gate.behave(Behaviour.OPEN)


def raised_by(call: Callable[[], Any], kind: type[Exception]) -> Exception:
    """What a call raises, which is to be soon."""
    began = time.monotonic()
    with pytest.raises(kind) as raised:
        call()
    assert time.monotonic() - began < LONGEST_SECONDS
    return raised.value


@pytest.mark.clause("RFC 8414 §3.3")
@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_has_a_token_notices_no_fault_of_the_authorization_server(
    deployment: Deployment, gates: dict[str, Gate], fault: str, tmp_path: Path
) -> None:
    alarms = Alarms(tmp_path, AuditTrail("partner", tmp_path))
    with (
        paying(deployment) as payments,
        calling(deployment, observer=CallAlarms(alarms)) as beginner,
        at_fault(deployment, gates["authserver"], "authserver", fault),
    ):
        for order in payments.pay(3):
            order.result(LONGEST_SECONDS)
        # Who has no token yet is told so, by the exception's kind and in words, and soon.
        error = raised_by(lambda: beginner.request("GET", f"{deployment.api_url}/accounts"), CallFailed)
        answered = fault in EXPECTED
        assert isinstance(error, MetadataInvalid if answered else ServerUnreachable)
        state = "answer unusable" if answered else "unreachable"
        told = {each.name: (each.level, each.detail["state"]) for each in alarms.standing()}
        assert told == {"calls": ("critical", state), "tokens": ("warning", state)}

        gates["authserver"].behave(Behaviour.OPEN)
        assert beginner.request("GET", f"{deployment.api_url}/accounts").status_code == 200
        assert alarms.standing() == []


@pytest.mark.clause("RFC 9110 §15.6.4")
@pytest.mark.parametrize("fault", ["drips"])
def test_the_api_never_guesses_about_a_key_while_its_issuer_has_a_fault_and_serves_all_others(
    api: APICaller,
    mint: Mint,
    verdict: Verdict,
    deployment: Deployment,
    gates: dict[str, Gate],
    fault: str,
) -> None:
    signed_by_a_new_key = api.but(token=of_a_new_key(mint))
    verdict.accepted(api.gets(), ANSWERED)
    with at_fault(deployment, gates["authserver"], "authserver", fault):
        # Within the promise: the statuses of tokens are known for as long, and no longer.
        began = time.monotonic()
        verdict.accepted(api.gets(), ANSWERED)
        assert time.monotonic() - began < 1
        exchange = until(503, signed_by_a_new_key)
        verdict.problem(exchange, 503, "service.issuer-keys")
        assert level(deployment, "bank_api", "service-issuer-keys") == "critical"
    verdict.challenged(until(401, signed_by_a_new_key), 401, "invalid_token", "token.unknown-key")


@pytest.mark.parametrize("fault", FAULTS)
def test_no_payment_is_lost_or_doubled_whatever_the_api_says_meanwhile(
    deployment: Deployment, gates: dict[str, Gate], fault: str, tmp_path: Path
) -> None:
    gate, alarms = gates["bank_api"], Alarms(tmp_path, AuditTrail("partner", tmp_path))
    with paying(deployment) as payments, calling(deployment, observer=CallAlarms(alarms)) as quick:
        assert quick.request("GET", f"{deployment.api_url}/accounts").status_code == 200
        bank = BankingClient(quick, deployment.api_url)
        key = str(uuid.uuid4())
        order = instruction_of(payments.account, key)
        with at_fault(deployment, gate, "bank_api", fault):
            error = raised_by(lambda: bank.pay(order, idempotency_key=key), Exception)
            assert isinstance(error, EXPECTED.get(fault, ServerUnreachable))
            told = {each.name: (each.level, each.detail["state"]) for each in alarms.standing()}
            assert told == ({} if fault in EXPECTED else {"calls": ("critical", "unreachable")})
            if fault not in EXPECTED:  # what is answered is an answer, and not tried again by itself
                patient = payments.pay(2)
                eventually(lambda: gate.arrived > 2 or fault == "away", "they have tried")
                assert not any(each.done() for each in patient)
        paid = bank.pay(order, idempotency_key=key)
        assert bank.pay(order, idempotency_key=key) == paid
        payments.made(key, paid)
        assert alarms.standing() == []


def test_a_payment_whose_answer_is_lost_is_made_once(deployment: Deployment, gates: dict[str, Gate]) -> None:
    with paying(deployment) as payments:
        for order in payments.pay(4):
            order.result(LONGEST_SECONDS)
        for _ in range(5):
            gates["bank_api"].lose_next_answer()
            (order,) = payments.pay()
            order.result(LONGEST_SECONDS)
        assert gates["bank_api"].lost == 5


# What the partner's code gets where something was answered; else ServerUnreachable.
EXPECTED: dict[str, type[BankError]] = {
    "html": AnswerUnusable,
    "failure": BankRefused,
    "other-json": AnswerUnusable,
}
