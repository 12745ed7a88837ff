"""What the soak counts, and one short soak."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from workshop.soak.footprints import (
    ALLOWED_DESCRIPTORS,
    SETTLED_SECONDS,
    Footprint,
    Footprints,
    Life,
    footprint_of,
)
from workshop.soak.measures import Readmission, Window, calls_of, payments_of, percentiles
from workshop.soak.report import Outcome


def call(began: float, seconds: float = 0.1, **more: object) -> dict[str, object]:
    return {"began": began, "seconds": seconds, "attempts": 1, "generation": "g1", **more}


def calls_file(folder: Path, *calls: dict[str, object]) -> Path:
    file = folder / "caller.calls"
    file.write_text("".join(json.dumps(each) + "\n" for each in calls))
    return file


def failed(began: float, generation: str | None) -> dict[str, object]:
    return call(began, generation=generation, failure="GET /: 401", correlation_id="id")


def test_a_call_is_inside_a_rotation_if_any_of_it_is(tmp_path: Path) -> None:
    file = calls_file(tmp_path, call(2.95), call(0.5), call(1.05), call(1.95), call(1.2, 3.0))

    calls = calls_of([file], [Window(1.0, 2.0), Window(3.0, 4.0)], [])

    assert (len(calls.inside), len(calls.outside), calls.total) == (4, 1, 5)


def test_retries_are_the_attempts_after_the_first(tmp_path: Path) -> None:
    file = calls_file(tmp_path, call(0.0, attempts=3), call(1.0))

    assert calls_of([file], [], []).retries == 2


@pytest.mark.parametrize(
    ("began", "generation", "expected"),
    [(11.0, "revoked", 1), (11.0, None, 1), (11.0, "other", 0), (9.0, "revoked", 0), (21.0, "revoked", 0)],
)
def test_only_refusals_of_the_revoked_generation_are_expected_and_only_until_it_was_replaced(
    tmp_path: Path, began: float, generation: str | None, expected: int
) -> None:
    file = calls_file(tmp_path, failed(began, generation))

    calls = calls_of([file], [], [Readmission(10.0, 20.0, "revoked")])

    assert (calls.expected, len(calls.failures)) == (expected, 1 - expected)


def test_a_line_that_was_cut_off_is_no_call(tmp_path: Path) -> None:
    file = calls_file(tmp_path, call(0.0))
    file.write_text(file.read_text() + '{"began": 1.0, "sec')

    assert calls_of([file], [], []).total == 1


def test_payments_are_lost_doubled_or_abandoned(tmp_path: Path) -> None:
    file = tmp_path / "caller.orders"
    file.write_text("paid a\npaid b\npaid c\nabandoned d\n")

    payments = payments_of([file], ["a", "b", "b", "e"])

    assert (payments.paid, payments.lost, payments.doubled, payments.abandoned) == (3, ("c",), ("b",), ("d",))


def test_percentiles_are_in_milliseconds_and_the_last_is_the_longest() -> None:
    shown = percentiles([each / 1000 for each in range(1, 101)])

    assert (shown["50"], shown["99"], shown["100"]) == (51.0, 100.0, 100.0)
    assert percentiles([]) == {}


def test_a_process_is_measured_from_when_it_has_settled() -> None:
    footprints = Footprints()
    footprints.look({os.getpid(): "tests"}, now=0.0)
    (young,) = footprints.lives()
    assert young.start is None

    footprints.look({os.getpid(): "tests"}, now=SETTLED_SECONDS)

    (settled,) = footprints.lives()
    assert settled.start is not None
    assert settled.start.mebibytes > 1


def test_a_process_that_ended_is_watched_no_longer() -> None:
    footprints = Footprints()
    with subprocess.Popen(["true"]) as ended:
        pass

    footprints.look({ended.pid: "ended"}, now=0.0)
    footprints.look({}, now=1.0)

    assert footprint_of(ended.pid) is None
    assert footprints.lives() == []


@pytest.mark.parametrize(
    ("end", "has_grown"),
    [
        (Footprint(110.0, 10), False),
        (Footprint(200.0, 10), True),
        (Footprint(100.0, 10 + ALLOWED_DESCRIPTORS), False),
        (Footprint(100.0, 11 + ALLOWED_DESCRIPTORS), True),
    ],
)
def test_growth_is_more_memory_or_descriptors_than_allowed(end: Footprint, has_grown: bool) -> None:
    assert Life("it", 1, 0.0, Footprint(100.0, 10), end).has_grown is has_grown


def outcome(folder: Path, **changed: object) -> Outcome:
    held: dict[str, object] = {
        "planned": 2,
        "rotations": 2,
        "readmissions": 0,
        "killed": {},
        "seconds": 1.0,
        "rotation_seconds": [0.1, 0.2],
        "calls": calls_of([calls_file(folder, call(0.0))], [], []),
        "payments": payments_of([], []),
        "lives": [],
    }
    return Outcome(**{**held, **changed})  # type: ignore[arg-type]  # by name


def test_it_holds_only_if_every_zero_is_one(tmp_path: Path) -> None:
    assert outcome(tmp_path).holds

    grown = Life("it", 1, 0.0, Footprint(10.0, 1), Footprint(100.0, 1))
    orders = tmp_path / "caller.orders"
    orders.write_text("paid a\n")
    for changed in (
        {"rotations": 1},
        {"stopped": "a caller ended"},
        {"lives": [grown]},
        {"payments": payments_of([orders], [])},
        {"payments": payments_of([orders], ["a", "a"])},
        {"calls": calls_of([calls_file(tmp_path, failed(0.0, "g1"))], [], [])},
    ):
        assert not outcome(tmp_path, **changed).holds, changed


def test_a_short_soak_holds_and_leaves_nothing_running(tmp_path: Path) -> None:
    report = tmp_path / "soak.json"
    small = ("--rotations", "4", "--processes", "2", "--threads", "2", "--seed", "1")
    ended = subprocess.run(
        [REPOSITORY / "scripts" / "soak", *small, "--report", report],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    measured = json.loads(report.read_text())
    assert (measured["rotations"], measured["failures"], measured["payments_lost"]) == (4, [], [])
    assert measured["revoked_and_readmitted"] == 2
    assert measured["expected_refusals"] > 0
    assert measured["payments"] > 0
    left = subprocess.run(["pgrep", "-f", "workshop.soak.caller"], capture_output=True, check=False)
    assert left.stdout == b""
