"""Business calls without a pause, and a record of which certificate and token each of them used."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from partner_client.banking.client import BankingClient
from partner_client.banking.errors import BankError
from sender_constraint.certificates.errors import CertificatesError
from sender_constraint.certificates.generations import Generation
from sender_constraint.client.caller import Caller
from sender_constraint.client.errors import CallFailed
from sender_constraint.client.observer import Call, CallerObserver
from sender_constraint.client.token_source import AccessToken
from workshop.environment.deployment import Deployment
from workshop.partner_caller import partner_caller

THREADS = 3
CALLS_PER_SECOND_AND_THREAD = 4


@dataclass
class Reign:
    """The time in which one generation served, and what was done with it."""

    generation: Generation
    began: datetime
    ended: datetime | None = None
    tokens: list[AccessToken] = field(default_factory=list)
    calls: int = 0
    retries: int = 0

    def report(self) -> dict[str, Any]:
        """For JSON; tokens by their fingerprints."""
        return {
            "generation": self.generation.id,
            "thumbprint": self.generation.thumbprint,
            "serial": f"{self.generation.certificate.serial_number:x}",
            "began": self.began.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "tokens": [token.fingerprint for token in self.tokens],
            "calls": self.calls,
            "retries": self.retries,
        }


class Timeline(CallerObserver):
    """Watches a caller: which generation served when, and what came of each call."""

    def __init__(self) -> None:
        self.reigns: dict[str, Reign] = {}
        self.calls: list[Call] = []
        self.failed: list[str] = []
        self._changed = threading.Condition(threading.RLock())

    @property
    def rotations(self) -> int:
        """How often a new generation took over."""
        return max(0, sum(reign.calls > 0 for reign in self.reigns.values()) - 1)

    def in_order(self) -> list[Reign]:
        """The reigns, the first first."""
        with self._changed:
            return list(self.reigns.values())

    def swapped(self, previous: Generation | None, current: Generation | None) -> None:
        """A reign ends, and the next begins."""
        now = datetime.now(UTC)
        with self._changed:
            if previous is not None:
                self._reign(previous).ended = now
            if current is not None:
                self._reign(current)
            self._changed.notify_all()

    def token_obtained(self, generation: Generation | None, token: AccessToken) -> None:
        """Note which generation the token is bound to."""
        with self._changed:
            if generation is not None:
                self._reign(generation).tokens.append(token)

    def called(self, call: Call) -> None:
        """Count a call, and remember it if it failed."""
        with self._changed:
            self.calls.append(call)
            if call.generation_id in self.reigns:
                self.reigns[call.generation_id].calls += 1
                self.reigns[call.generation_id].retries += call.attempts - 1
            if call.status is None or call.status >= 400:
                self.failed.append(f"{call.method} {call.url}: {call.status or call.error}")
            self._changed.notify_all()

    def wait_for_rotations(self, wanted: int, seconds: float) -> None:
        """Wait until so many rotations were taken over, for at most so long."""
        with self._changed:
            self._changed.wait_for(lambda: self.rotations >= wanted, timeout=seconds)

    def has_served(self, generation_id: str | None) -> bool:
        """Whether calls were made with this generation."""
        with self._changed:
            return any(reign.calls for reign in self.reigns.values() if reign.generation.id == generation_id)

    def wait_until_served(self, since: datetime, seconds: float) -> Call | None:
        """The first call that a generation served which took over since; None if none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._served_anew(since), timeout=seconds)
            return self._served_anew(since)

    def _served_anew(self, since: datetime) -> Call | None:
        anew = {reign.generation.id for reign in self.reigns.values() if reign.began > since}
        return next((call for call in self.calls if call.status == 200 and call.generation_id in anew), None)

    def _reign(self, generation: Generation) -> Reign:
        return self.reigns.setdefault(generation.id, Reign(generation, datetime.now(UTC)))


@contextmanager
def traffic(deployment: Deployment) -> Iterator[Timeline]:
    """The partner's business calls, from several threads, for as long as the block lasts."""
    timeline = Timeline()
    stopping = threading.Event()
    with _caller(deployment, timeline) as caller:
        bank = BankingClient(caller, deployment.api_url)
        account = bank.list_accounts()[0].id
        threads = [
            threading.Thread(target=_call_on_and_on, args=(bank, account, stopping), name=f"caller-{number}")
            for number in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield timeline
        finally:
            stopping.set()
            for thread in threads:
                thread.join()


def _caller(deployment: Deployment, timeline: Timeline) -> Caller:
    return partner_caller(
        store=deployment.certificate_store("partner_client"),
        issuer=deployment.issuer,
        api_url=deployment.api_url,
        ca_public_url=deployment.ca_public_url,
        trust_bundle=deployment.trust_bundle,
        observer=timeline,
    )


def _call_on_and_on(bank: BankingClient, account: str, stopping: threading.Event) -> None:
    reads = (
        bank.list_accounts,
        lambda: bank.balances(account),
        lambda: next(bank.transaction_pages(account)),
    )
    turn = 0
    while not stopping.wait(1 / CALLS_PER_SECOND_AND_THREAD):
        with suppress(BankError, CallFailed, CertificatesError):  # the timeline has it
            reads[turn % len(reads)]()
        turn += 1
