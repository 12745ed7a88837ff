"""Payments with retries, while certificates turn and each service is killed outright once."""

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal

import pytest

from partner_client.banking.client import BankingClient
from partner_client.banking.resources import Money, Payment, PaymentInstruction
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.token_source import TokenRequest
from tests.waiting import eventually
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.story.traffic import Timeline

LIFETIME_SECONDS = 30
PAYMENTS = 100
CALLERS = 4
AMOUNT = Money(Decimal("1.25"), "EUR")
# Those of the bank before the partner's certificate turns, those that make it turn before it turns again.
KILLED = (
    ("bank-api", "authserver", "partner-client-beat"),
    ("ca", "partner-client-worker", "redis-partner"),
)
PAYMENTS_FOR_EACH = 12
PATIENCE_SECONDS = 90.0


class Orders:
    """The partner's orders, each paid once under a key of its own, by several threads at once."""

    def __init__(self, bank: BankingClient, account: str) -> None:
        self._bank = bank
        self._account = account
        self._threads = ThreadPoolExecutor(CALLERS, thread_name_prefix="payer")
        self.placed: dict[str, Future[Payment]] = {}

    def place(self, number: int) -> None:
        """Have so many more paid; returns at once."""
        for reference in [f"order {len(self.placed) + each}" for each in range(number)]:
            self.placed[reference] = self._threads.submit(self._pay, reference)

    def wait(self) -> dict[str, Payment]:
        """By reference, the bank's answer to each. Raises what a payment raised."""
        return {reference: order.result(PATIENCE_SECONDS) for reference, order in self.placed.items()}

    def close(self) -> None:
        """Take no more."""
        self._threads.shutdown()

    def _pay(self, reference: str) -> Payment:
        instruction = PaymentInstruction(
            self._account, "Paper Mill Ltd", "GB33BUKB20201555555555", AMOUNT, reference
        )
        return self._bank.pay(instruction, idempotency_key=str(uuid.uuid4()))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """One of its own: certificates turn, and services die."""
    root = tmp_path_factory.mktemp("resilience")
    with Environment(root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True) as running:
        yield running


def test_no_payment_is_lost_or_doubled_while_certificates_turn_and_each_service_is_killed(
    environment: Environment,
) -> None:
    before = environment.process_ids()
    watched = Timeline()
    with _caller(environment, watched) as caller:
        bank = BankingClient(caller, environment.deployment.api_url)
        account = bank.list_accounts()[0].id
        balance = bank.balances(account)[0].amount.amount
        booked_before = len(bank.transactions(account))
        orders = Orders(bank, account)
        try:
            for victims in KILLED:
                for victim in victims:
                    _kill_while_paying(environment, victim, orders)
                _pay_until_certificates_turn(orders, watched)
            orders.place(max(0, PAYMENTS - len(orders.placed)))
            paid = orders.wait()
        finally:
            orders.close()
        booked = bank.transactions(account)[:-booked_before]
        spent = balance - bank.balances(account)[0].amount.amount
        known = {bank.payment(payment.id).instruction.reference: payment.id for payment in paid.values()}

    assert len(paid) >= PAYMENTS
    assert watched.failed == []
    assert any(call.attempts > 1 for call in watched.calls)  # a call met a server that was down
    assert len({payment.id for payment in paid.values()}) == len(paid)
    assert known == {reference: payment.id for reference, payment in paid.items()}
    assert sorted(each.description for each in booked) == sorted(f"Paper Mill Ltd: {each}" for each in paid)
    assert spent == AMOUNT.amount * len(paid)

    environment.wait_until_healthy()
    after = environment.process_ids()
    assert {name for name in before if before[name] != after[name]} == {*KILLED[0], *KILLED[1]}


def _kill_while_paying(environment: Environment, victim: str, orders: Orders) -> None:
    orders.place(PAYMENTS_FOR_EACH // 2)
    killed = environment.kill(victim)
    orders.place(PAYMENTS_FOR_EACH // 2)
    eventually(lambda: environment.process_ids().get(victim, killed) != killed, f"{victim} is back")
    orders.wait()


def _pay_until_certificates_turn(orders: Orders, watched: Timeline) -> None:
    """Pay now and then, until a payment is made with another certificate."""
    before = watched.rotations

    def turned() -> bool:
        orders.place(1)
        orders.wait()
        return watched.rotations > before

    eventually(turned, "the certificate turned", seconds=PATIENCE_SECONDS, pause_seconds=0.25)


def _caller(environment: Environment, observer: Timeline) -> Caller:
    deployment = environment.deployment
    settings = CallerSettings(
        issuer=deployment.issuer,
        token_request=TokenRequest("partner", "accounts payments", deployment.api_url),
        trust_bundle=deployment.trust_bundle,
    )
    store = GenerationStore(deployment.certificate_store("partner_client"))
    return Caller(store, settings, observer=observer)
