"""All tests, in as many runs of pytest as there are Django projects, and one sum.

Django's settings are one per process: the tests of each service have a run of their own.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SERVICES = ("ca", "authserver", "bank_api", "partner_client")

# The folder whose tests start the whole environment, and what of it, and of others, has a run of its own in
# the second lane and in the third: so that all lanes take about as long.
WITH_ENVIRONMENT = "e2e"
SECOND = (
    TESTS / "e2e" / "test_demo.py",
    TESTS / "e2e" / "test_rules_switched_off.py",
    TESTS / "e2e" / "test_attacks.py",
)
THIRD = (TESTS / "e2e" / "faults", TESTS / "workshop")

# Tests that measure how long somebody waits: they run last, and nothing runs beside them.
ALONE = TESTS / "e2e" / "hostile"

# Tests that some machines may skip, each with its reason.
ALLOWED_SKIPS = TESTS / "allowed_skips.txt"

# pytest's "no tests were collected", which a selection (-k, -m) makes of some runs; and "wrong usage".
NOTHING_COLLECTED = 5
WRONG_USAGE = 4

# What this ends with.
FAILED, USAGE, INTERRUPTED = 1, 2, 130


def main(arguments: list[str]) -> int:
    """Run what ``arguments`` select (everything, without paths). Returns the exit status.

    The lanes run beside one another, since two of them mostly wait; at the end, what is to run alone.
    """
    paths, options = _divide(arguments)
    with tempfile.TemporaryDirectory() as folder:
        reports: list[Path] = []

        def command(selected: list[str], settings: list[str]) -> list[str]:
            reports.append(Path(folder) / f"{len(reports)}.xml")
            return [*selected, *settings, *options, f"--junit-xml={reports[-1]}"]

        together = [[command(*run) for run in lane] for lane in lanes(paths)]
        alone = [command(selected, []) for selected in (apart(paths, ALONE),) if selected]
        statuses = _beside_one_another(together) + [pytest(run)[0] for run in alone]
        return _sum_up(statuses, reports)


def _beside_one_another(lanes: list[list[list[str]]]) -> list[int]:
    """The exit statuses of all runs of all lanes. The first lane is seen while it runs, the others later."""
    with ThreadPoolExecutor() as beside:
        waiting = [
            beside.submit(lambda runs: [pytest(run, captured=True) for run in runs], runs)
            for runs in lanes[1:]
        ]
        statuses = [pytest(run)[0] for lane in lanes[:1] for run in lane]
        for ended in waiting:
            for status, output in ended.result():
                statuses.append(status)
                print(output, flush=True)
    return statuses


def _sum_up(statuses: list[int], reports: list[Path]) -> int:
    if WRONG_USAGE in statuses:
        return USAGE
    counts = sum((count(report) for report in reports), Counter())
    if not counts:
        print("no test was selected")
        return USAGE
    unlisted = set().union(*(skipped(report) for report in reports)) - listed(ALLOWED_SKIPS.read_text())
    for test in sorted(unlisted):
        print(f"skipped, and not listed in {ALLOWED_SKIPS.name}: {test}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return FAILED if unlisted or any(status not in (0, NOTHING_COLLECTED) for status in statuses) else 0


def lanes(paths: list[str]) -> list[list[tuple[list[str], list[str]]]]:
    """What runs beside one another: lists of runs of pytest, each a pair of paths and options.

    Without what runs alone. All lanes take about as long; the first one is seen while it runs.
    """
    elsewhere = (ALONE, *SECOND, *THIRD)
    divided: dict[str, list[str]] = {name: [] for name in (WITH_ENVIRONMENT, *SERVICES, "")}
    for path in paths or _all():
        if not any(_is_in(path, part) for part in elsewhere):
            divided.get(_folder(path), divided[""]).append(path)
    no_options: list[str] = []
    second, third = ([(apart(paths, part), no_options) for part in parts] for parts in (SECOND, THIRD))
    with_environment = (divided.pop(WITH_ENVIRONMENT), [f"--ignore={part}" for part in elsewhere])
    others = [
        (selected, [f"--ds=tests.{name}.settings"] if name else []) for name, selected in divided.items()
    ]
    planned = ([with_environment], second, [*third, *others])
    chosen = [[run for run in lane if run[0]] for lane in planned]
    return [lane for lane in chosen if lane]


def apart(paths: list[str], part: Path) -> list[str]:
    """What of these paths is in a part that has a run of its own."""
    whole = [path for path in paths or _all() if "::" not in path and part.is_relative_to(_file(path))]
    return [str(part)] if whole else [path for path in paths if _is_in(path, part)]


def count(report: Path) -> Counter[str]:
    """What a run's JUnit report says: passed, failed (errors included) and skipped."""
    if not report.exists():
        return Counter(failed=1)
    counts: Counter[str] = Counter()
    for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 - pytest wrote it a moment ago
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        counts += Counter(
            passed=int(suite.get("tests", 0)) - failed - skipped, failed=failed, skipped=skipped
        )
    return counts


def skipped(report: Path) -> set[str]:
    """The tests that a run skipped, as ``tests.folder.test_file::test_name`` without parameters."""
    if not report.exists():
        return set()
    cases = ET.parse(report).getroot().iter("testcase")  # noqa: S314 - pytest wrote it a moment ago
    return {
        f"{case.get('classname')}::{str(case.get('name')).partition('[')[0]}"
        for case in cases
        if case.find("skipped") is not None
    }


def listed(text: str) -> set[str]:
    """The tests in a list: one a line, with ``#`` before comments."""
    return {line.partition("#")[0].strip() for line in text.splitlines()} - {""}


def pytest(arguments: list[str], *, captured: bool = False) -> tuple[int, str]:
    """One run of pytest in a process of its own. Returns its exit status, and its output if captured."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *arguments],
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE if captured else None,
        stderr=subprocess.STDOUT if captured else None,
    )
    return ended.returncode, ended.stdout or ""


def _all() -> list[str]:
    return sorted(str(folder.parent) for folder in TESTS.glob("*/__init__.py")) + sorted(
        str(file) for file in TESTS.glob("test_*.py")
    )


def _folder(path: str) -> str:
    """The folder under tests/ that a path (perhaps with ``::test``) belongs to."""
    inside = _file(path)
    return inside.relative_to(TESTS).parts[0] if TESTS in inside.parents else ""


def _is_in(path: str, part: Path) -> bool:
    return _file(path).is_relative_to(part)


def _file(path: str) -> Path:
    """The file or folder of a path, perhaps with ``::test``."""
    return Path(path.partition("::")[0]).resolve()


def _divide(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Arguments that are paths, and the others."""
    paths = [argument for argument in arguments if Path(argument.partition("::")[0]).exists()]
    return paths, [argument for argument in arguments if argument not in paths]


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("test: interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
