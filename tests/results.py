"""What the JUnit reports of pytest's runs say."""

import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path


def count(report: Path) -> Counter[str]:
    """The tests of a run: passed, failed (errors included) and skipped. A run without a report failed."""
    if not report.exists():
        return Counter(failed=1)
    counts: Counter[str] = Counter()
    for suite in _root(report).iter("testsuite"):
        failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped = int(suite.get("skipped", 0))
        counts += Counter(
            passed=int(suite.get("tests", 0)) - failed - skipped, failed=failed, skipped=skipped
        )
    return counts


def skipped(reports: Iterable[Path]) -> set[str]:
    """The tests that were skipped, as ``tests.folder.test_file::test_name`` without parameters."""
    return {
        f"{case.get('classname')}::{str(case.get('name')).partition('[')[0]}"
        for case in _cases(reports)
        if case.find("skipped") is not None
    }


def listed(text: str) -> set[str]:
    """The tests in a list: one a line, with ``#`` before comments."""
    return {line.partition("#")[0].strip() for line in text.splitlines()} - {""}


def durations(reports: Iterable[Path]) -> dict[str, float]:
    """By module (``tests.folder.test_file``), the seconds of all its tests with what they set up."""
    seconds: dict[str, float] = defaultdict(float)
    for case in _cases(reports):
        seconds[str(case.get("classname"))] += float(case.get("time", 0))
    return dict(seconds)


def slowest(reports: Iterable[Path], number: int) -> Iterator[str]:
    """Lines about the tests that took longest, set-up included."""
    cases = sorted(_cases(reports), key=lambda case: float(case.get("time", 0)), reverse=True)
    yield f"the {min(number, len(cases))} slowest tests:"
    for case in cases[:number]:
        yield f"{float(case.get('time', 0)):7.1f} s  {case.get('classname')}::{case.get('name')}"


def _cases(reports: Iterable[Path]) -> Iterator[ET.Element]:
    for report in reports:
        if report.exists():
            yield from _root(report).iter("testcase")


def _root(report: Path) -> ET.Element:
    return ET.parse(report).getroot()  # noqa: S314 - pytest wrote it a moment ago
