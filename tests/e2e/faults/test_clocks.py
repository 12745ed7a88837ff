"""Clocks of the partner and of the bank that are thirty seconds fast, slow, or jump; nobody is to notice.

The clock of the authority is not moved: for whoever renews, it is as if his own were wrong the other way.
"""

from datetime import timedelta
from pathlib import Path

import pytest

from sender_constraint.certificates.csr import private_key_pem
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.rotation import Action, ensure_generation
from sender_constraint.core.clock import utc_now
from tests.e2e.faults.clocks import MovedClock
from tests.e2e.faults.observing import Events
from tests.e2e.faults.party import Party
from tests.e2e.faults.paying import calling, paying
from tests.e2e.minting import Mint
from tests.waiting import eventually
from workshop.environment.deployment import Deployment

COURSES = {"fast": [30], "slow": [-30], "jumping": [30, -30, 0, -30, 30]}
PARTIES = ("partner", "authserver", "bank_api")
# The certificate is younger than the clock is slow, which is less than a token may seem to be early.
CERTIFICATE_AGE = timedelta(seconds=10)
SLOW_SECONDS = -30


@pytest.mark.clause("RFC 7519 §4.1.4")
@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
@pytest.mark.parametrize("party", PARTIES)
def test_a_clock_that_is_half_a_minute_wrong_costs_no_call_and_no_payment(
    deployment: Deployment, clocks: dict[str, MovedClock], party: str, course: list[int]
) -> None:
    accounts = f"{deployment.api_url}/accounts"
    try:
        with paying(deployment, clock=clocks["partner"]) as payments:
            for seconds in course:
                clocks[party].move(seconds)
                refused = Events(deployment, "bank_api")
                for order in payments.pay(2):
                    order.result(20)
                # Whoever begins now has a token and a session of this moment.
                with calling(deployment, clock=clocks["partner"]) as beginner:
                    assert beginner.request("GET", accounts).status_code == 200
                assert refused(outcome="refused") == []
    finally:
        clocks[party].move(0)


@pytest.mark.clause("RFC 5280 §4.1.2.5")
@pytest.mark.parametrize("course", COURSES.values(), ids=COURSES)
def test_certificates_turn_by_a_clock_that_is_half_a_minute_wrong(
    deployment: Deployment, tmp_path: Path, course: list[int]
) -> None:
    clock = MovedClock(tmp_path / "clock")
    party = Party(deployment, f"clock-{len(course)}{course[0]}", tmp_path / "state")
    party.admit()
    for seconds in course:
        clock.move(seconds)
        before = party.store.order_replacement()
        assert ensure_generation(party.store, party.issuer, clock).action is Action.RENEWED
        renewed = party.store.current()
        assert renewed.id != before.id
        assert not renewed.is_expired(clock())
        assert ensure_generation(party.store, party.issuer, clock).action is Action.NOT_DUE


@pytest.mark.clause("RFC 5280 §6.1.3")
@pytest.mark.parametrize("service", ["bank_api", "authserver"])
def test_a_certificate_that_is_not_yet_valid_at_the_bank_is_not_used_until_it_is(
    deployment: Deployment, clocks: dict[str, MovedClock], mint: Mint, tmp_path: Path, service: str
) -> None:
    store, accounts = GenerationStore(tmp_path / "store"), f"{deployment.api_url}/accounts"
    heard, served = Events(deployment, service), Events(deployment, "bank_api")

    def with_(generation: Generation) -> bool:
        thumbprint = generation.thumbprint
        return bool(served(event="api.call", outcome="accepted", thumbprint=thumbprint))

    try:
        old = published(store, mint)
        with calling(deployment, store=store) as caller:
            assert caller.request("GET", accounts).status_code == 200
            assert with_(old)
            clocks[service].move(SLOW_SECONDS)
            new = published(store, mint, not_before=utc_now() - CERTIFICATE_AGE)

            def refused() -> bool:
                assert caller.request("GET", accounts).status_code == 200
                return bool(heard(rule="certificate.not-yet-valid", thumbprint=new.thumbprint))

            eventually(refused, "the bank has refused the new certificate")
            for _ in range(3):
                assert caller.request("GET", accounts).status_code == 200
            assert not with_(new)

            clocks[service].move(0)

            def accepted() -> bool:
                assert caller.request("GET", accounts).status_code == 200
                return with_(new)

            eventually(accepted, "the new certificate serves")
    finally:
        clocks[service].move(0)


def published(store: GenerationStore, mint: Mint, **changes: object) -> Generation:
    """A certificate with the partner's names in a store of the test's own."""
    issued = mint.certificate(**changes)
    chain = issued.pem + mint.scheme.issuing.pem
    return store.publish(private_key_pem(issued.key), chain, utc_now())
