"""One calling process of the soak: the partner's own client, on several threads.

python -m workshop.soak.caller PLAN, where PLAN is a JSON file. It tells its parent on standard output, a JSON
object a line, which generation it has adopted, and writes what it measures to a file, a line for each call.
It ends when its standard input does: each thread then pays the order that it has begun, and stops.
"""

import json
import sys
import threading
import time
import uuid
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from partner_client.banking.client import BankingClient
from partner_client.banking.errors import BankError
from partner_client.banking.resources import Money, PaymentInstruction
from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.certificates.generations import Generation
from sender_constraint.client.errors import CallFailed
from sender_constraint.client.observer import Call, CallerObserver
from workshop.partner_caller import partner_caller

CALLS_PER_SECOND_AND_THREAD = 4
PAYS_EVERY = 4
AMOUNT = Money(Decimal("0.01"), "EUR")
LAST_ORDER_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """What a calling process is told.

    account: from which it pays. calls: file for the calls. orders: file for what was paid.
    """

    name: str
    threads: int
    issuer: str
    api_url: str
    ca_public_url: str
    trust_bundle: str
    store: str
    account: str
    calls: str
    orders: str

    def write(self, file: Path) -> Path:
        """Keep it for the process."""
        file.write_text(json.dumps(asdict(self)))
        return file


class Recorder(CallerObserver):
    """Says which generation is in use, and writes each call down; nothing is kept in memory."""

    def __init__(self, calls: TextIO) -> None:
        self._calls = calls
        self._lock = threading.Lock()

    def swapped(
        self,
        previous: Generation | None,  # noqa: ARG002 - the base's
        current: Generation | None,
    ) -> None:
        """The parent waits for this."""
        with self._lock:
            print(json.dumps({"adopted": current.id if current else None}), flush=True)

    def called(self, call: Call) -> None:
        """When it began (monotonic seconds), how long it took, in how many attempts, and what came of it."""
        line = {
            "began": time.monotonic() - call.seconds,
            "seconds": call.seconds,
            "attempts": call.attempts,
            "generation": call.generation_id,
        }
        if call.status is None or call.status >= 400:
            line["failure"] = f"{call.method} {call.url}: {call.status or call.error}"
            line["correlation_id"] = call.correlation_id
        self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        with self._lock:
            self._calls.write(json.dumps(line) + "\n")


def main(plan: Plan) -> None:
    """Call until standard input ends."""
    stopping = threading.Event()
    with (
        Path(plan.calls).open("w", buffering=1) as calls,
        Path(plan.orders).open("w", buffering=1) as orders,
        partner_caller(
            store=Path(plan.store),
            issuer=plan.issuer,
            api_url=plan.api_url,
            ca_public_url=plan.ca_public_url,
            trust_bundle=Path(plan.trust_bundle),
            observer=Recorder(calls),
        ) as caller,
    ):
        bank = BankingClient(caller, plan.api_url)
        threads = [
            threading.Thread(target=_work, args=(bank, plan, f"{plan.name}-{number}", orders, stopping))
            for number in range(plan.threads)
        ]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        stopping.set()
        for thread in threads:
            thread.join()


def _work(bank: BankingClient, plan: Plan, name: str, orders: TextIO, stopping: threading.Event) -> None:
    """Read, and now and then pay. An order that is not answered is sent again, under the same key."""
    turn = 0
    while not stopping.wait(1 / CALLS_PER_SECOND_AND_THREAD):
        turn += 1
        if turn % PAYS_EVERY == 0:
            _pay(bank, plan.account, f"{name}-{turn}", orders, stopping)
        else:
            _try(lambda: bank.balances(plan.account))


def _pay(
    bank: BankingClient, account: str, reference: str, orders: TextIO, stopping: threading.Event
) -> None:
    key = str(uuid.uuid4())
    instruction = PaymentInstruction(account, "Soak Ltd", "GB33BUKB20201555555555", AMOUNT, reference)
    deadline: float | None = None
    while not _try(lambda: bank.pay(instruction, idempotency_key=key)):
        if stopping.wait(1 / CALLS_PER_SECOND_AND_THREAD):
            # The last order is seen through, though not for ever.
            deadline = deadline or time.monotonic() + LAST_ORDER_SECONDS
            if time.monotonic() > deadline:
                orders.write(f"abandoned {reference}\n")
                return
    orders.write(f"paid {reference}\n")


def _try(call: Any) -> bool:
    """Whether the call was answered as wanted. The recorder has what it was otherwise."""
    try:
        call()
    except (BankError, CallFailed, CertificatesError):
        return False
    return True


if __name__ == "__main__":
    main(Plan(**json.loads(Path(sys.argv[1]).read_text())))
