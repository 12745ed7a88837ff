"""The calling processes of the soak, as the soak sees them."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from workshop.environment.deployment import Deployment
from workshop.soak.caller import Plan

STOP_SECONDS = 90.0


class CallerEnded(Exception):
    """A calling process ended before it was told to. The message says where its errors are."""


class CallingProcess:
    """One of them, and which generation it has adopted."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self._errors = folder / f"{plan.name}.err"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "workshop.soak.caller", str(plan.write(folder / f"{plan.name}.json"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                # Ctrl-C is for the soak, which then ends its callers in order.
                start_new_session=True,
            )
        self._adopted: str | None = None
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_until_adopted(self, generation_id: str, seconds: float) -> bool:
        """Whether it has adopted this generation within so many seconds. Raises CallerEnded."""
        with self._changed:
            adopted = self._changed.wait_for(
                lambda: self._adopted == generation_id or self.process.poll() is not None, timeout=seconds
            )
        if self.process.poll() is not None:
            raise CallerEnded(f"the calling process {self.plan.name} ended; see {self._errors}")
        return adopted

    def tell_to_end(self) -> None:
        """Have it finish what it has begun."""
        if self.process.stdin:
            self.process.stdin.close()

    def stop(self) -> None:
        """The same, and wait for that."""
        self.tell_to_end()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._changed:
                self._adopted = json.loads(line)["adopted"]
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()


@contextmanager
def calling(
    deployment: Deployment, account: str, folder: Path, processes: int, threads: int
) -> Iterator[Sequence[CallingProcess]]:
    """So many processes that call, for as long as the block lasts."""
    with ExitStack() as stack:
        started = []
        for number in range(processes):
            name = f"caller-{number}"
            plan = Plan(
                name=name,
                threads=threads,
                issuer=deployment.issuer,
                api_url=deployment.api_url,
                ca_public_url=deployment.ca_public_url,
                trust_bundle=str(deployment.trust_bundle),
                store=str(deployment.certificate_store("partner_client")),
                account=account,
                calls=str(folder / f"{name}.calls"),
                orders=str(folder / f"{name}.orders"),
            )
            started.append(CallingProcess(plan, folder))
        # All are told to end before any is waited for.
        for process in started:
            stack.callback(process.stop)
        for process in started:
            stack.callback(process.tell_to_end)
        yield started
