"""Payments without a pause while something goes away and comes back: what the callers are answered.

Runs in the shell of Compose: ``python - <.ci/outage.py``. Prints ``served`` when all calls are, ``away``
when none is any more, and, when all are served again, what came of it. Each payment is sent twice at once.
Exit status 1 where an answer was neither what was asked for nor 503 with Retry-After, where nothing came
back, or where a payment was lost or made twice.
"""

import json
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from workshop.environment.deployment import attached
from workshop.narration import Narrator
from workshop.story.partner import Partner, current_partner
from workshop.story.stage import Stage, outcome_of
from workshop.wire import Exchange

PAYMENTS_AT_ONCE = 4
SENDERS_OF_EACH = 2
ROUNDS_UNTIL_SURE = 3
LONGEST_PHASE_SECONDS = 60
PAUSE_SECONDS = 0.2
# So long before its end no call begins with a token: it may have to wait for the database.
SPARE_SECONDS = 10
AMOUNT = Decimal("0.01")


class Wrong(Exception):
    """Something that must not be: the message says what."""


@dataclass(frozen=True)
class Authorized:
    """A token, and the certificate to which it is bound. ends_at: when no call begins with it any more."""

    partner: Partner
    token: str
    ends_at: float


@dataclass
class Caller:
    """Calls as the partner, and keeps what came of it.

    latest: the token for calls where there is no new one. longest_seconds: until an answer was there.
    """

    stage: Stage
    latest: Authorized | None = None
    answers: Counter[str] = field(default_factory=Counter)
    longest_seconds: float = 0.0

    def authorize(self) -> bool:
        """Get a token for the certificate of now; False where the service says that it is away."""
        partner = current_partner(self.stage.deployment)
        began = time.monotonic()
        answer = self._judged("POST /token", partner.request_token(self.stage), began)
        if answer is None:
            return False
        granted = answer.json()
        ends_at = began + granted["expires_in"] - SPARE_SECONDS
        self.latest = Authorized(partner, granted["access_token"], ends_at)
        return True

    def ask(self, method: str, path: str, content: object = None, **headers: str) -> Any:
        """The API's answer; None where it says that it is away, or there is no token to call it with."""
        began, latest = time.monotonic(), self.latest
        if latest is None or latest.ends_at < began:
            return None
        exchange = self.stage.wire.send(
            method,
            self.stage.deployment.api_url + path,
            latest.partner.credentials,
            headers=headers | {"Authorization": f"Bearer {latest.token}"},
            body=None if content is None else json.dumps(content).encode(),
        )
        answer = self._judged(f"{method} API", exchange, began)
        return None if answer is None else answer.json()

    def _judged(self, what: str, exchange: Exchange, began: float) -> Exchange | None:
        self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
        self.answers[f"{what}: {outcome_of(exchange)}"] += 1
        if exchange.status == 503:
            if not exchange.headers.get("retry-after", "").isdigit():
                raise Wrong(f"{what}: 503 without Retry-After")
            return None
        if exchange.status not in (200, 201):
            raise Wrong(f"{what}: {outcome_of(exchange)} {exchange.body!r}")
        return exchange


@dataclass
class Payments:
    """Payments from one account.

    pending: keys of those that not every sender knows to be made. made: by key, the payment.
    """

    caller: Caller
    account: dict[str, Any]
    pending: list[str] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)

    def go_on(self, is_so: Callable[[int], bool], what: str) -> None:
        """Pay until it was so some times in a row. is_so: of how many senders were served. Raises Wrong."""
        ends_at, in_a_row = time.monotonic() + LONGEST_PHASE_SECONDS, 0
        while in_a_row < ROUNDS_UNTIL_SURE:
            if time.monotonic() > ends_at:
                raise Wrong(f"not {what} after {LONGEST_PHASE_SECONDS} s")
            in_a_row = in_a_row + 1 if is_so(self._round()) else 0
            time.sleep(PAUSE_SECONDS)

    def _round(self) -> int:
        """Send what is pending and new payments, each several times at once; how many senders were served."""
        keys = self.pending + [str(uuid.uuid4()) for _ in range(PAYMENTS_AT_ONCE - len(self.pending))]
        with ThreadPoolExecutor(PAYMENTS_AT_ONCE * SENDERS_OF_EACH) as senders:
            sent = {key: [senders.submit(self._pay, key) for _ in range(SENDERS_OF_EACH)] for key in keys}
        told = {key: [each.result() for each in results] for key, results in sent.items()}
        self.pending = [key for key, payments in told.items() if None in payments]
        for key, payment in ((key, payment) for key, payments in told.items() for payment in payments):
            if payment is not None and self.made.setdefault(key, payment) != payment:
                raise Wrong(f"what {key} pays was paid twice")
        return sum(payment is not None for payments in told.values() for payment in payments)

    def _pay(self, key: str) -> str | None:
        content = {
            "debtor_account": self.account["id"],
            "creditor_name": "Paper Mill Ltd",
            "creditor_iban": "GB33BUKB20201555555555",
            "amount": {"amount": str(AMOUNT), "currency": self.account["currency"]},
        }
        is_authorized = self.caller.authorize()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        payment = self.caller.ask("POST", "/payments", content, **headers)
        return str(payment["id"]) if is_authorized and payment else None


def main() -> int:
    """Returns the exit status."""
    deployment = attached()
    if deployment is None:
        raise SystemExit("this runs in a container of Compose only")
    with tempfile.TemporaryDirectory() as folder:
        caller = Caller(Stage(deployment, Narrator(), Path(folder)))
        try:
            caller.authorize()
            payments = Payments(caller, caller.ask("GET", "/accounts")["accounts"][0])
            before = _balance(payments)
            payments.go_on(lambda served: served == PAYMENTS_AT_ONCE * SENDERS_OF_EACH, "served")
            print("served", flush=True)
            payments.go_on(lambda served: served == 0, "away")
            print("away", flush=True)
            payments.go_on(lambda served: served == PAYMENTS_AT_ONCE * SENDERS_OF_EACH, "served again")
            spent = before - _balance(payments)
        except Wrong as wrong:
            print(f"{wrong}; so far: {dict(caller.answers)}", flush=True)
            return 1
    counts = ", ".join(f"{number} {answer}" for answer, number in sorted(caller.answers.items()))
    print(f"{len(payments.made)} payments, {spent} spent; {counts}; longest {caller.longest_seconds:.1f} s")
    return 0 if spent == AMOUNT * len(payments.made) else 1


def _balance(payments: Payments) -> Decimal:
    answer = payments.caller.ask("GET", f"/accounts/{payments.account['id']}/balances")
    return Decimal(answer["balances"][0]["amount"]["amount"])


if __name__ == "__main__":
    sys.exit(main())
