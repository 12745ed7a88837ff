"""The partner as it calls while something is wrong: quick to give up, or patient with payments."""

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from partner_client.banking.client import BankingClient
from partner_client.banking.resources import Money, Payment, PaymentInstruction
from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.ocsp_cache import OCSPCache
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.observer import CallerObserver
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.token_source import TokenRequest
from sender_constraint.core.clock import Clock, utc_now
from workshop.environment.deployment import Deployment

PROMISE_SECONDS = 5
AMOUNT = Money(Decimal("0.75"), "EUR")
CREDITOR = "Paper Mill Ltd"

QUICK = RetryPolicy(attempts=2, attempt_seconds=1.0, total_seconds=2.5)
# Each attempt is short, so that one that a fault holds up does not outlast it for long.
PATIENT = RetryPolicy(attempts=200, attempt_seconds=1.0, total_seconds=60.0, longest_pause_seconds=0.5)


class Unheard:
    """Alarms of a caller that is no service."""

    def raise_alarm(self, name: str, level: str, message: str, **detail: object) -> None: ...

    def clear_alarm(self, name: str) -> None: ...


def calling(
    deployment: Deployment,
    policy: RetryPolicy = QUICK,
    *,
    client: str = "partner",
    scope: str = "accounts payments",
    store: GenerationStore | None = None,
    clock: Clock = utc_now,
    observer: CallerObserver | None = None,
) -> Caller:
    """A process of the partner's that calls, and checks whom it calls. To be closed."""
    book = OCSPCache(f"{deployment.ca_public_url}/ocsp", PROMISE_SECONDS, alarms=Unheard())
    request = TokenRequest(client, scope, deployment.api_url)
    return Caller(
        store or GenerationStore(deployment.certificate_store("partner_client")),
        CallerSettings(deployment.issuer, request, deployment.trust_bundle),
        servers=ServerStatus(book, lambda _server, _refusal: None),
        retries=Retries(policy),
        clock=clock,
        observer=observer,
    )


@dataclass
class Payments:
    """The partner's payments, each with a key of its own, and whether each was booked once.

    account: from which they are made. booked_before: what had been booked to it, by id.
    """

    bank: BankingClient
    account: str
    threads: ThreadPoolExecutor
    booked_before: frozenset[str]
    placed: dict[str, Future[Payment]] = field(default_factory=dict)

    def pay(self, number: int = 1) -> list[Future[Payment]]:
        """Have so many payments made; returns at once."""
        references = [f"{uuid.uuid4()}" for _ in range(number)]
        for each in references:
            self.placed[each] = self.threads.submit(self._pay, each)
        return [self.placed[each] for each in references]

    def made(self, reference: str, payment: Payment) -> None:
        """One that somebody else made counts too."""
        self.placed[reference] = Future()
        self.placed[reference].set_result(payment)

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until all are made; each was booked once, and nothing else was. Raises what one raised."""
        paid = {reference: order.result(seconds) for reference, order in self.placed.items()}
        assert len({payment.id for payment in paid.values()}) == len(paid)
        for reference, payment in paid.items():
            assert self.bank.payment(payment.id).instruction.reference == reference
        bookings = self.bank.transactions(self.account)
        booked = [each.description for each in bookings if each.id not in self.booked_before]
        assert sorted(booked) == sorted(f"{CREDITOR}: {reference}" for reference in paid)

    def _pay(self, reference: str) -> Payment:
        return self.bank.pay(instruction_of(self.account, reference), idempotency_key=reference)


def instruction_of(account: str, reference: str) -> PaymentInstruction:
    """An order that is told from others by its reference."""
    return PaymentInstruction(account, CREDITOR, "GB33BUKB20201555555555", AMOUNT, reference)


@contextmanager
def paying(deployment: Deployment, *, clock: Clock = utc_now) -> Iterator[Payments]:
    """A partner that pays, and tries until it is told what came of it; settled at the end of the block."""
    with calling(deployment, PATIENT, clock=clock) as caller, ThreadPoolExecutor(4) as threads:
        bank = BankingClient(caller, deployment.api_url)
        account = bank.list_accounts()[0].id
        payments = Payments(bank, account, threads, frozenset(each.id for each in bank.transactions(account)))
        yield payments
        payments.settle()
