"""All tests, in as many runs of pytest as there are Django projects, and one sum.

Django's settings are one per process: the tests of each service have a run of their own.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SERVICES = ("ca", "authserver", "bank_api", "partner_client")

# Tests that some machines may skip, each with its reason.
ALLOWED_SKIPS = TESTS / "allowed_skips.txt"

# pytest's "no tests were collected", which a selection (-k, -m) makes of some runs.
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    """Run what ``arguments`` select (everything, without paths). Returns the exit status."""
    counts: Counter[str] = Counter()
    unlisted: set[str] = set()
    status = 0
    paths, options = _divide(arguments)
    with tempfile.TemporaryDirectory() as reports:
        for number, (selected, settings) in enumerate(runs(paths)):
            report = Path(reports) / f"{number}.xml"
            returned = pytest([*selected, *settings, *options, f"--junit-xml={report}"])
            if returned not in (0, NOTHING_COLLECTED):
                status = 1
            counts += count(report)
            unlisted |= skipped(report) - listed(ALLOWED_SKIPS.read_text())
    if not counts:
        print("no test was selected")
        return NOTHING_COLLECTED
    for test in sorted(unlisted):
        status = 1
        print(f"skipped, and not listed in {ALLOWED_SKIPS.name}: {test}")
    print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
    return status


def runs(paths: list[str]) -> list[tuple[list[str], list[str]]]:
    """Pairs of paths and options, one pair for each run of pytest."""
    own: dict[str, list[str]] = {service: [] for service in SERVICES}
    others: list[str] = []
    for path in paths or _all():
        folder = _folder(path)
        own.get(folder, others).append(path)
    divided = [
        (selected, [f"--ds=tests.{service}.settings"]) for service, selected in own.items() if selected
    ]
    return [*divided, (others, [])] if others else divided


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


def pytest(arguments: list[str]) -> int:
    """One run of pytest in a process of its own. Returns its exit status."""
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], env=environment, check=False
    ).returncode


def _all() -> list[str]:
    return sorted(str(folder.parent) for folder in TESTS.glob("*/__init__.py")) + sorted(
        str(file) for file in TESTS.glob("test_*.py")
    )


def _folder(path: str) -> str:
    """The folder under tests/ that a path (perhaps with ``::test``) belongs to."""
    inside = Path(path.partition("::")[0]).resolve()
    return inside.relative_to(TESTS).parts[0] if TESTS in inside.parents else ""


def _divide(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Arguments that are paths, and the others."""
    paths = [argument for argument in arguments if Path(argument.partition("::")[0]).exists()]
    return paths, [argument for argument in arguments if argument not in paths]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
