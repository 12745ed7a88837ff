"""All tests, as a queue of pytest runs that several lanes work through, the longest first.

Django's settings are one per process, so the tests of each service run in processes of their own; tests that
share a running environment share a process. ``schedule`` decides who runs with whom.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests import coverage_report, results, schedule
from tests.schedule import Job, Suite

REPOSITORY = Path(__file__).resolve().parents[1]

# Tests that some machines may skip, each with its reason.
ALLOWED_SKIPS = Path(__file__).parent / "allowed_skips.txt"

SLOWEST_SHOWN = 15

# pytest's "no tests were collected", which a selection (-k, -m) makes of some runs; and "wrong usage".
NOTHING_COLLECTED = 5
WRONG_USAGE = 4

# What this ends with.
FAILED, USAGE, INTERRUPTED = 1, 2, 130


@dataclass
class Outcome:
    """What the runs of one invocation came to. Runs of several lanes add to it."""

    statuses: list[int] = field(default_factory=list)
    reports: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class Runner:
    """Runs jobs. options: for every pytest. folder: of the reports. measured: collect coverage as well."""

    folder: Path
    options: Sequence[str]
    measured: bool
    outcome: Outcome = field(default_factory=Outcome)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work_through(self, queue: list[Job], lanes: int) -> None:
        """Take jobs from the front of the queue, in several lanes at once; returns when all have ended."""
        seen = len(queue) == 1
        workers = [threading.Thread(target=self._lane, args=(queue, seen)) for _ in range(lanes)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
        finally:
            queue.clear()  # on Ctrl-C, which has reached the runs of pytest as well, no other begins

    def _lane(self, queue: list[Job], seen: bool) -> None:
        while True:
            with self._lock:
                if not queue or WRONG_USAGE in self.outcome.statuses:
                    return
                job = queue.pop(0)
            self.run(job, seen=seen)

    def run(self, job: Job, *, seen: bool) -> None:
        """One run of pytest. Its output is seen as it comes, or afterwards if it failed."""
        with self._lock:
            report = self.folder / f"{len(self.outcome.reports)}.xml"
            self.outcome.reports.append(report)
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        begun = time.monotonic()
        ended = subprocess.run(
            [
                *(coverage_report.MEASURING if self.measured else (sys.executable, "-m")),
                "pytest", *job.paths, *job.options, *self.options, f"--junit-xml={report}",
            ],
            cwd=REPOSITORY,
            env=environment,
            check=False,
            text=True,
            stdout=None if seen else subprocess.PIPE,
            stderr=None if seen else subprocess.STDOUT,
        )  # fmt: skip
        good = ended.returncode in (0, NOTHING_COLLECTED)
        with self._lock:
            self.outcome.statuses.append(ended.returncode)
            if not seen:
                print(_line(job, report, time.monotonic() - begun), flush=True)
                if not good:
                    print(ended.stdout, flush=True)


def main(arguments: list[str]) -> int:
    """Run what ``arguments`` select. Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/test",
        allow_abbrev=False,
        usage="scripts/test [--fast | --all] [--coverage] [PATH ...] [PYTEST OPTIONS]",
        description="Run the tests; with paths, these only. Without --fast and --all: all that this machine "
        "can run by itself. The last line of the output sums up: N passed, N failed, N skipped.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--fast", action="store_true", help="only tests that start no server: one to two minutes"
    )
    which.add_argument(
        "--all",
        action="store_true",
        help="also those with other people's servers and tools: Go, Node, package indexes",
    )
    parser.add_argument("--coverage", action="store_true", help="report which lines the tests reach")
    parser.add_argument("--lanes", type=int, default=_lanes(), help="runs at the same time (%(default)s)")
    parser.add_argument(
        "--record-durations", action="store_true", help=f"write {schedule.DURATIONS.name} from this run"
    )
    chosen, rest = parser.parse_known_args(arguments)
    paths, options = _divide(rest)
    suite = Suite.FAST if chosen.fast else Suite.ALL if chosen.all or paths else Suite.USUAL
    together, alone = schedule.jobs(paths, suite, schedule.recorded_durations())

    if chosen.coverage:
        coverage_report.forget()
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder), options, chosen.coverage)
        runner.work_through(together, chosen.lanes)
        runner.work_through(alone, lanes=1)
        if chosen.coverage:
            coverage_report.write()
        if chosen.record_durations:
            schedule.record_durations(results.durations(runner.outcome.reports))
        return _sum_up(runner.outcome)


def _sum_up(outcome: Outcome) -> int:
    if WRONG_USAGE in outcome.statuses:
        return USAGE
    counts = sum((results.count(report) for report in outcome.reports), Counter())
    if not counts:
        print("no test was selected")
        return USAGE
    for line in results.slowest(outcome.reports, SLOWEST_SHOWN):
        print(line)
    unlisted = results.skipped(outcome.reports) - results.listed(ALLOWED_SKIPS.read_text())
    for test in sorted(unlisted):
        print(f"skipped, and not listed in {ALLOWED_SKIPS.name}: {test}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    failed = any(status not in (0, NOTHING_COLLECTED) for status in outcome.statuses)
    return FAILED if unlisted or failed else 0


def _line(job: Job, report: Path, seconds: float) -> str:
    counts = results.count(report)
    said = ", ".join(f"{counts[kind]} {kind}" for kind in ("passed", "failed", "skipped") if counts[kind])
    return f"{job.name}: {said or 'no tests'} in {seconds:.0f} s"


def _lanes() -> int:
    """One more than processors: many tests wait for other processes."""
    return (os.cpu_count() or 1) + 1


def _divide(arguments: Iterable[str]) -> tuple[list[str], list[str]]:
    """Arguments that are paths, and the others."""
    paths: list[str] = []
    options: list[str] = []
    for argument in arguments:
        (paths if Path(argument.partition("::")[0]).exists() else options).append(argument)
    return paths, options


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("test: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
