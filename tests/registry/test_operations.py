"""``docs/operations.md`` names alarms and tests that there are."""

import re

import pytest

from operations.alarms.table import ALARMS, alarm_table
from tests.registry import documents
from tests.registry.program import REPOSITORY

PAGE = (REPOSITORY / documents.OPERATIONS_PAGE).read_text()
FAULTS = PAGE.partition("\n## Faults\n")[2].partition("\n## ")[0]
# The columns of the table of faults.
COLUMNS = 5


def faults() -> list[list[str]]:
    """The rows of the table of faults, by cell."""
    rows = [line for line in FAULTS.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault[0])
def test_each_fault_names_the_tests_that_cause_it(fault: list[str]) -> None:
    assert len(fault) == COLUMNS
    assert all(fault)
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", fault[-1])
    assert named
    for file, test in named:
        assert f"\ndef {test}(" in (REPOSITORY / "tests" / file).read_text()


def test_the_alarms_that_faults_raise_are_in_the_table() -> None:
    told = {name for fault in faults() for name in re.findall(r"`([a-z*-]+)`", fault[2])}
    # Beside the names of alarms, their states.
    states = {"overdue", "expired", "unreachable", "unwritable", "broken", "refused", "status"}
    kinds = {kind.name for kind in ALARMS} | {"certificate-client", "certificate-server"}
    kinds |= {name for name in told if name.startswith("service-")}
    assert told <= kinds | states


def test_the_table_of_alarms_is_put_in_its_place_and_nothing_else_is_changed() -> None:
    assert documents.with_alarms(PAGE, alarm_table()) == PAGE
    assert documents.with_alarms(documents.with_alarms(PAGE, "| |\n"), alarm_table()) == PAGE
    with pytest.raises(ValueError, match="has no place"):
        documents.with_alarms("# Another page\n", alarm_table())
