"""Every background task is in the table of docs/background.md, with its items and whose input it reads."""

import re

from tools.rules.program import PACKAGES, REPOSITORY

TABLE = (REPOSITORY / "docs" / "background.md").read_text().partition("\n## Background tasks\n")[2]
ROW = re.compile(r"^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", re.MULTILINE)
NAME = re.compile(r'^TASK = "([a-z-]+)"$', re.MULTILINE)


def tasks() -> list[str]:
    files = (file.read_text() for package in PACKAGES for file in (REPOSITORY / package).rglob("*.py"))
    return sorted(name for text in files if "BackgroundTask(" in text for name in NAME.findall(text))


def test_every_background_task_is_in_the_table() -> None:
    assert len(tasks()) >= 7
    assert sorted(ROW.findall(TABLE.partition("\n## ")[0])) == tasks()
