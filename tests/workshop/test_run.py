"""How all tests are run: divided by settings, counted, and nothing skipped in silence."""

from pathlib import Path

from tests import run

REPORT = """<testsuites><testsuite tests="4" failures="1" errors="1" skipped="1">
  <testcase classname="tests.a.test_b" name="test_good"/>
  <testcase classname="tests.a.test_b" name="test_not_here[x-1]"><skipped/></testcase>
</testsuite></testsuites>"""


def test_each_service_runs_under_its_own_settings_and_the_others_under_none() -> None:
    paths = [
        "tests/ca/test_surfaces.py",
        "tests/bank_api",
        "tests/sender_constraint",
        "tests/e2e",
        "tests/workshop/test_run.py::test_x",
    ]
    ignored = [f"--ignore={part}" for part in (run.ALONE, *run.SECOND, *run.THIRD)]
    assert run.lanes(paths) == [
        [(["tests/e2e"], ignored)],
        [([str(part)], []) for part in run.SECOND],
        [
            ([str(run.THIRD[0])], []),
            (["tests/workshop/test_run.py::test_x"], []),
            (["tests/ca/test_surfaces.py"], ["--ds=tests.ca.settings"]),
            (["tests/bank_api"], ["--ds=tests.bank_api.settings"]),
            (["tests/sender_constraint"], []),
        ],
    ]


def test_one_test_of_the_story_runs_by_itself() -> None:
    one = "tests/e2e/test_demo.py::test_x"
    assert run.lanes([one]) == [[([one], [])]]
    assert run.lanes(["tests/e2e/test_docs.py"])[0][0][0] == ["tests/e2e/test_docs.py"]
    assert len(run.lanes(["tests/e2e/test_docs.py"])) == 1


def test_what_measures_waiting_runs_alone() -> None:
    one = "tests/e2e/hostile/test_hostile_requests.py::test_x"
    assert run.apart([], run.ALONE) == run.apart(["tests/e2e", one], run.ALONE) == [str(run.ALONE)]
    assert run.apart(["tests/ca", one], run.ALONE) == [one]
    assert run.apart(["tests/ca", "tests/e2e/test_docs.py"], run.ALONE) == []
    assert run.lanes([one, "tests/sender_constraint"]) == [[(["tests/sender_constraint"], [])]]


def test_without_a_path_every_folder_of_tests_runs() -> None:
    selected = {Path(path).name for lane in run.lanes([]) for paths, _ in lane for path in paths}
    assert {
        "ca",
        "authserver",
        "bank_api",
        "operations",
        "partner_client",
        "sender_constraint",
        "workshop",
    } <= selected


def test_errors_count_as_failures(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert run.count(report) == {"passed": 1, "failed": 2, "skipped": 1}


def test_a_run_without_a_report_failed(tmp_path: Path) -> None:
    assert run.count(tmp_path / "none.xml") == {"failed": 1}


def test_a_skipped_test_is_known_by_its_name_without_parameters(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert run.skipped(report) == {"tests.a.test_b::test_not_here"}
    listed = run.listed("# why\n\ntests.a.test_b::test_not_here  # only on Linux\n")
    assert listed == {"tests.a.test_b::test_not_here"}
