"""The reading path is short, and names what the code has."""

import dataclasses

import pytest

from tools import reading_path
from tools.reading_path import STAGES, Stop


def test_the_page_is_up_to_date_and_within_its_limits() -> None:
    assert reading_path.main(["--check"]) == 0


def test_a_name_that_the_code_does_not_have_is_an_error() -> None:
    stop = STAGES[0].stops[0]
    assert reading_path.lines_of(stop) > 0
    with pytest.raises(LookupError, match=f"{stop.file} has no gone"):
        reading_path.lines_of(dataclasses.replace(stop, names=("gone",)))


def test_a_path_that_is_too_long_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Stop("sender_constraint/client/caller.py", ("Caller",) * 5, "")
    stages = (dataclasses.replace(STAGES[0], stops=(whole,)),)
    monkeypatch.setattr(reading_path, "STAGES", stages)
    with pytest.raises(ValueError, match="at most 12 and 1000"):
        reading_path.page()
