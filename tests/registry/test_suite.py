from pathlib import Path

import pytest

from tests.registry.suite import Attempt, Suite

IDENTIFIERS = frozenset({"binding.certificate", "certificate.expired", "token.expired"})


def the_test(folder: Path, source: str, helper: str = "") -> Attempt:
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text(source)
    (folder / "tests" / "material.py").write_text(helper)
    (found,) = Suite(folder, IDENTIFIERS).tests()
    return found


@pytest.mark.parametrize(
    "source",
    [
        "def test_it(refused):\n    assert refused == 'certificate.expired'\n",
        "@parametrize('rule', ['certificate.expired'])\ndef test_it(rule): pass\n",
        "RULES = ['certificate.expired']\n@parametrize('rule', RULES)\ndef test_it(rule): pass\n",
        "RULES = []\nRULES += ['certificate.expired']\ndef test_it(): RULES\n",
        "def late(): return 'certificate.expired'\ndef test_it(): late()\n",
        "from sender_constraint.core.certificate_checks import EXPIRED\ndef test_it(): assert EXPIRED\n",
        "from sender_constraint.core.certificate_checks import EXPIRED as OVER\ndef test_it(): assert OVER\n",
        "from sender_constraint.core import certificate_checks as checks\ndef test_it(): checks.EXPIRED\n",
    ],
)
def test_a_test_tries_to_break_the_rules_that_it_names(tmp_path: Path, source: str) -> None:
    assert the_test(tmp_path, source).rules == {"certificate.expired"}


@pytest.mark.parametrize(
    "source",
    [
        "from tests.material import CASES\n@parametrize('case', CASES)\ndef test_it(case): pass\n",
        "from tests import material\ndef test_it(): material.CASES\n",
    ],
)
def test_rules_that_other_modules_of_the_tests_name_count_for_those_that_use_them(
    tmp_path: Path, source: str
) -> None:
    helper = "CASES = ['token.expired']\nOTHERS = ['certificate.expired']\n"

    assert the_test(tmp_path, source, helper).rules == {"token.expired"}


def test_text_that_only_holds_an_identifier_names_no_rule(tmp_path: Path) -> None:
    assert not the_test(tmp_path, "def test_it(): print('not token.expired, but')\n").rules


def test_what_refers_to_itself_ends(tmp_path: Path) -> None:
    source = "def again(): return again() or 'token.expired'\ndef test_it(): again()\n"

    assert the_test(tmp_path, source).rules == {"token.expired"}


def test_clauses_are_those_of_the_test_and_of_its_module(tmp_path: Path) -> None:
    source = (
        "DRAFT = 'draft-x'\n"
        "pytestmark = [pytest.mark.django_db, pytest.mark.clause('RFC 8705 §3')]\n"
        "@pytest.mark.clause('RFC 9068 §4', f'{DRAFT} §2')\n"
        "def test_it(): pass\n"
    )

    assert the_test(tmp_path, source).clauses == {"RFC 8705 §3", "RFC 9068 §4", "draft-x §2"}


def test_a_clause_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a clause is a string"):
        the_test(tmp_path, "@pytest.mark.clause(section())\ndef test_it(): pass\n")
