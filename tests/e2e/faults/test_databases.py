"""Databases that are locked, or away: who is held up, what is said about it, and how it ends by itself.

The lock of SQLite is the whole database's; PostgreSQL, which a service may have instead, is stopped and
started again under Compose.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from sender_constraint.certificates.rotation import Action
from tests.e2e.calling import APICaller, TokenCaller
from tests.e2e.faults.databases import away, locked
from tests.e2e.faults.observing import level
from tests.e2e.faults.party import Party
from tests.e2e.faults.paying import paying
from tests.e2e.verdict import Verdict
from tests.waiting import eventually
from workshop.environment.deployment import Deployment

ISSUED, ANSWERED = "token.issued", "api.call"
# As long as a writer waits for the lock.
LOCK_SECONDS = 5
ALARM = "service-database"


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_a_locked_database_holds_up_who_writes_and_nobody_else(
    deployment: Deployment, api: APICaller, token_caller: TokenCaller, verdict: Verdict
) -> None:
    bank, issuer = deployment.states["bank_api"], deployment.states["authserver"]
    with paying(deployment) as payments:
        with locked(bank), locked(issuer):
            orders = payments.pay(3)
            began = time.monotonic()
            verdict.accepted(api.gets(), ANSWERED)
            assert time.monotonic() - began < LOCK_SECONDS - 1
            # Each token is written down before it is issued: one that is not could not be revoked.
            verdict.refused(token_caller.asks(), 503, "temporarily_unavailable", "service.database")
            assert level(deployment, "authserver", ALARM) == "critical"
            eventually(lambda: level(deployment, "bank_api", ALARM) == "critical", "an alarm tells of it")
            assert not any(order.done() for order in orders)
        verdict.accepted(token_caller.asks(), ISSUED)
        for order in orders:
            order.result(30)


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_a_database_that_is_away_is_an_outage_until_it_is_back(
    deployment: Deployment, api: APICaller, token_caller: TokenCaller, verdict: Verdict
) -> None:
    services = ("bank_api", "authserver")
    bank, issuer = (deployment.states[service] for service in services)
    with paying(deployment) as payments:
        with away(bank), away(issuer):
            orders = payments.pay(3)
            for refused in (
                verdict.problem(api.gets(), 503, "service.database"),
                verdict.refused(token_caller.asks(), 503, "temporarily_unavailable", "service.database"),
            ):
                assert "is gone; put it back" in str(refused["detail"])
            for service in services:
                assert level(deployment, service, ALARM) == "critical"
            assert not any(order.done() for order in orders)
        verdict.accepted(api.gets(), ANSWERED)
        verdict.accepted(token_caller.asks(), ISSUED)

    def well_again() -> bool:
        verdict.accepted(api.gets(), ANSWERED)
        verdict.accepted(token_caller.asks(), ISSUED)
        return all(level(deployment, service, ALARM) is None for service in services)

    eventually(well_again, "no alarm stands any more", pause_seconds=0.5)


@pytest.mark.clause("RFC 8951 §5")
@pytest.mark.parametrize("fault", [locked, away], ids=["locked", "away"])
def test_an_authority_whose_register_is_held_up_issues_as_soon_as_it_can(
    deployment: Deployment, party: Party, fault: Callable[[Path], AbstractContextManager[None]]
) -> None:
    before, issued = party.store.order_replacement(), party.certificates()
    with fault(deployment.states["ca"]):
        outcome = party.ensure()
        assert outcome.action is Action.FAILED
        assert "answered with status 503: The certificate authority is temporarily unavailable" in str(
            outcome.error
        )
        assert level(deployment, "ca", ALARM) == "critical"
    assert party.store.current() == before
    assert party.ensure().action is Action.RENEWED
    assert party.certificates() == issued + 1


@pytest.fixture(scope="module")
def party(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Party:
    admitted = Party(deployment, "held-up", tmp_path_factory.mktemp("held-up"))
    admitted.admit()
    return admitted
