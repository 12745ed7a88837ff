"""How all tests are run: divided by settings and by what they start, counted, no skip unlisted."""

from pathlib import Path

import pytest

from tests import results, schedule
from tests.schedule import TESTS, Suite

REPORT = """<testsuites><testsuite tests="4" failures="1" errors="1" skipped="1">
  <testcase classname="tests.a.test_b" name="test_good" time="2.5"/>
  <testcase classname="tests.a.test_b" name="test_not_here[x-1]" time="0.5"><skipped/></testcase>
</testsuite></testsuites>"""


def planned(*paths: str, suite: Suite = Suite.ALL) -> list[schedule.Job]:
    together, alone = schedule.jobs(paths, suite, {})
    return together + alone


def modules(suite: Suite) -> set[str]:
    return {path for job in planned(suite=suite) for path in job.paths}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    return report


def test_each_service_runs_under_its_own_settings_and_the_others_under_none() -> None:
    jobs = planned("tests/ca/test_surfaces.py", "tests/bank_api/test_admin.py", "tests/workshop/test_run.py")
    assert {job.options: [Path(path).name for path in job.paths] for job in jobs} == {
        ("--ds=tests.ca.settings",): ["test_surfaces.py"],
        ("--ds=tests.bank_api.settings",): ["test_admin.py"],
        (): ["test_run.py"],
    }


def test_one_test_of_the_story_runs_by_itself() -> None:
    one = "tests/e2e/test_demo.py::test_x"
    (job,) = planned(one)
    assert job.paths == (one,)


def test_modules_share_an_environment_unless_they_start_one() -> None:
    jobs = planned("tests/e2e/test_api_accounts.py", "tests/e2e/test_runbook.py", "tests/e2e/test_docs.py")
    by_module = {Path(path).name: job for job in jobs for path in job.paths}
    assert by_module["test_runbook.py"].paths == (str(TESTS / "e2e" / "test_runbook.py"),)
    assert len({job.name for job in jobs}) <= 1 + schedule.SHARING["e2e"]


def test_what_measures_waiting_runs_by_itself_after_all_others() -> None:
    one = "tests/e2e/hostile/test_hostile_requests.py"
    together, alone = schedule.jobs([one, "tests/ca"], Suite.ALL, {})
    assert [job.paths for job in alone] == [(str(TESTS.parent / one),)]
    assert one not in {path for job in together for path in job.paths}


def test_the_longest_run_comes_first_and_bundles_take_about_as_long() -> None:
    most = schedule.BUNDLE_SECONDS
    short = ("surfaces", "admin", "commands", "addresses")
    durations = {f"tests.ca.test_{name}": most / 2 for name in short} | {"tests.ca.test_authority": 2 * most}
    files = [f"tests/ca/test_{name.rpartition('_')[2]}.py" for name in durations]
    together, _ = schedule.jobs(files, Suite.ALL, durations)
    assert [job.seconds for job in together] == [2 * most, most, most]


def test_each_suite_has_what_the_smaller_one_has_and_all_has_every_module() -> None:
    fast, usual, everything = (modules(suite) for suite in (Suite.FAST, Suite.USUAL, Suite.ALL))
    assert fast < usual < everything
    assert everything == {str(file) for file in TESTS.rglob("test_*.py")}


@pytest.mark.parametrize("part", [*schedule.STARTING, *schedule.OUTSIDE, schedule.ALONE, *schedule.SHARING])
def test_every_part_that_the_schedule_names_is_there(part: str) -> None:
    assert (TESTS / part).exists()


def test_every_recorded_duration_is_of_a_module_that_is_there() -> None:
    for name in schedule.recorded_durations():
        assert Path(*name.split(".")).with_suffix(".py").exists(), name


def test_errors_count_as_failures(report: Path) -> None:
    assert results.count(report) == {"passed": 1, "failed": 2, "skipped": 1}


def test_a_run_without_a_report_failed(tmp_path: Path) -> None:
    assert results.count(tmp_path / "none.xml") == {"failed": 1}


def test_a_skipped_test_is_known_by_its_name_without_parameters(report: Path) -> None:
    assert results.skipped([report]) == {"tests.a.test_b::test_not_here"}
    listed = results.listed("# why\n\ntests.a.test_b::test_not_here  # only on Linux\n")
    assert listed == {"tests.a.test_b::test_not_here"}


def test_durations_are_of_modules_and_the_slowest_test_is_shown_first(report: Path) -> None:
    assert results.durations([report]) == {"tests.a.test_b": 3.0}
    assert list(results.slowest([report], 1)) == [
        "the 1 slowest tests:",
        "    2.5 s  tests.a.test_b::test_good",
    ]
