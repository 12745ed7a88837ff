"""Writes what is generated of the documents, or checks that it is up to date and all that must has tests."""

import argparse
import os
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.every_service"

import django

django.setup()

# Not before Django is set up: rules stand in modules that read settings.
from operations.alarms.table import alarm_table  # noqa: E402 - as said
from tests.registry import documents, fapi2, program  # noqa: E402 - as said
from tests.registry.suite import Suite  # noqa: E402 - as said
from workshop.catalogue import ATTACKS  # noqa: E402 - as said
from workshop.environment.termination import exit_status  # noqa: E402 - as said


def main(arguments: list[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/rules",
        description="Write docs/rules.md, docs/standards.md and docs/fapi2.md from the registry of rules and "
        "the tests, and the alarms in docs/operations.md.",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something is missing")
    only_check = parser.parse_args(arguments).check

    rules = program.rules()
    tests = sorted(Suite(program.REPOSITORY, frozenset(rule.identifier for rule in rules)).tests())
    problems = []
    registered = []
    for rule in rules:
        enforced_by = program.enforced_by(rule)
        trying = tuple(test for test in tests if rule.identifier in test.rules)
        attacks = tuple(attack.identifier for attack in ATTACKS if attack.expected.rule == rule.identifier)
        if enforced_by is None:
            problems.append(f"{rule.identifier}: no function enforces it")
            continue
        if not trying and not attacks:
            problems.append(f"{rule.identifier}: no test tries to break it")
        registered.append(documents.Registered(rule, enforced_by, trying, attacks))

    problems.extend(
        fapi2.problems(
            fapi2.REQUIREMENTS,
            frozenset(rule.identifier for rule in rules),
            frozenset(test.name for test in tests),
            fapi2.is_there,
        )
    )
    pages = {
        documents.RULES_PAGE: documents.rules_page(registered),
        documents.STANDARDS_PAGE: documents.standards_page(registered, tests),
        documents.FAPI2_PAGE: documents.fapi2_page(registered, tests),
        documents.OPERATIONS_PAGE: documents.with_alarms(
            (program.REPOSITORY / documents.OPERATIONS_PAGE).read_text(), alarm_table()
        ),
    }
    for name, text in pages.items():
        file = program.REPOSITORY / name
        if not only_check:
            file.write_text(text)
        elif not file.exists() or file.read_text() != text:
            problems.append(f"{name} is out of date: run scripts/rules")
    for problem in problems:
        print(problem)
    print(f"{len(rules)} rules, {len(tests)} tests, {len(ATTACKS)} attacks")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(exit_status("rules", lambda: main(sys.argv[1:])))
