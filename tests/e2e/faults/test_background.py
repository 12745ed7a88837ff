"""What works in the background is away: the certificate authority for longer than a lifetime, and Redis."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from operations.alarms.alarms import Alarms
from operations.alarms.calls import CallAlarms, state_of
from operations.audit.audit_trail import AuditTrail
from operations.tasks.ledger import Ledger
from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.client.caller import Caller
from sender_constraint.client.errors import CallFailed
from tests.e2e.faults.clocks import MovedClock
from tests.e2e.faults.conftest import SHORT_LIFETIME_SECONDS
from tests.e2e.faults.observing import Events, alarm, status
from tests.e2e.faults.paying import PROMISE_SECONDS, calling, paying
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment

# The worker first: it renews what the others show.
AUTHORITY = ("ca-worker", "ca-public", "ca", "ca-pages")
STORES = ("redis-bank", "redis-partner", "redis-operator", "redis-other-partner")
WORKERS = (
    "partner-client-worker",
    "partner-client-beat",
    "ca-worker",
    "authserver-worker",
    "bank-api-worker",
)
PATIENCE_SECONDS = 90.0
SERVED = "served"
# After so long without a run that was due, a task is late.
LATE_SECONDS = 35


@contextmanager
def away(environment: Environment, *programs: str) -> Iterator[None]:
    """These programs are stopped, and come back in this order."""
    for program in reversed(programs):
        environment.stop_program(program)
    try:
        yield
    finally:
        for program in programs:
            environment.start_program(program)


def state(caller: Caller, deployment: Deployment) -> str:
    """In what state a call leaves the partner."""
    try:
        response = caller.request("GET", f"{deployment.api_url}/accounts")
    except (CallFailed, CertificatesError) as error:
        return state_of(error)
    return SERVED if response.status_code == 200 else str(response.status_code)


def certificate_alarm(deployment: Deployment) -> tuple[str, str] | None:
    """Level and state of what the partner's worker says about its certificate; None if nothing."""
    standing = alarm(deployment, "partner_client", "certificate-client")
    return (standing["level"], standing["detail"]["state"]) if standing else None


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_without_the_authority_for_a_lifetime_the_partner_stops_calling_says_why_and_resumes(
    turning: Environment, tmp_path: Path
) -> None:
    deployment = turning.deployment
    alarms = Alarms(tmp_path, AuditTrail("partner", tmp_path))
    with calling(deployment, observer=CallAlarms(alarms)) as caller:

        def until(expected: str, seconds: float) -> None:
            told: list[str] = []

            def reached() -> bool:
                told.append(state(caller, deployment))
                return told[-1] == expected

            eventually(reached, lambda: f"{expected}, but {told[-1]}", seconds=seconds, pause_seconds=0.2)
            standing = {each.name: (each.level, each.detail["state"]) for each in alarms.standing()}
            if expected == SERVED:
                assert standing == {}
            else:
                assert standing["calls"] == ("critical", expected)

        until(SERVED, PATIENCE_SECONDS)
        with away(turning, *AUTHORITY):
            until("waiting for certificate status", PROMISE_SECONDS + 10)
            until("waiting for a new certificate", SHORT_LIFETIME_SECONDS + 10)
            # Nobody is called with what has ended, and the worker says so too.
            heard = Events(deployment, "bank_api")
            until("waiting for a new certificate", 1)
            assert [each for each in heard() if "peer" in each] == []
            eventually(
                lambda: certificate_alarm(deployment) == ("critical", "expired"),
                lambda: f"the worker tells of it, but {certificate_alarm(deployment)}",
            )
        until(SERVED, PATIENCE_SECONDS)
        eventually(lambda: certificate_alarm(deployment) is None, "the alarm is over")


@pytest.mark.clause("RFC 8705 §3")
def test_without_redis_calls_and_payments_go_on(environment: Environment) -> None:
    deployment = environment.deployment
    refused = Events(deployment, "bank_api")
    with paying(deployment) as payments, away(environment, *STORES):
        for order in payments.pay(4):
            order.result(10)
        with calling(deployment) as beginner:  # who has no token yet gets one
            assert state(beginner, deployment) == SERVED
        assert refused(outcome="refused") == []


def test_without_redis_nothing_turns_which_status_tells_and_goes_on_by_itself(
    turning: Environment, tmp_path: Path
) -> None:
    deployment = turning.deployment
    ledger = Ledger(deployment.states["partner_client"] / "background")
    clock = MovedClock(tmp_path / "clock")
    with away(turning, *STORES):
        clock.move(LATE_SECONDS)
        told = status(deployment, "partner_client", clock)
        late = {each["name"]: each["level"] for each in told["alarms"] if each["name"].startswith("late-")}
        assert late == {"late-certificates": "warning", "late-expiries": "warning"}
        workers = {name: turning.process_ids()[name] for name in WORKERS}
        before = ledger.read("certificates").runs[0].id
    eventually(
        lambda: ledger.read("certificates").runs[0].id != before,
        "the worker looks at the certificates again",
        seconds=PATIENCE_SECONDS,
    )
    # Nobody has to start them again.
    assert {name: turning.process_ids()[name] for name in WORKERS} == workers
    clock.move(0)
    eventually(
        lambda: (
            not any(
                each["name"].startswith("late-")
                for each in status(deployment, "partner_client", clock)["alarms"]
            )
        ),
        "no task is late",
    )
    with calling(deployment) as caller:
        eventually(lambda: state(caller, deployment) == SERVED, "calls go on", seconds=PATIENCE_SECONDS)
