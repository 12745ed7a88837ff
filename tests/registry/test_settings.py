"""The table of settings in docs/architecture.md has every setting that a service reads, and no other."""

import ast
import re
from collections.abc import Iterator

from operations.settings.environment import REPOSITORY, ServiceEnvironment

# "str" is what they call themselves.
READERS = {name for name in vars(ServiceEnvironment) if not name.startswith("_")} | {"str"}
FOLDERS = ("ca", "authserver", "bank_api", "partner_client", "operations", "sender_constraint")
SETTING = re.compile(r"[A-Z_]{4,}")


def test_every_setting_that_is_read_is_in_the_table_and_no_other() -> None:
    read = {without_purpose(name) for folder in FOLDERS for name in settings_read(folder)}
    assert {"STATE_DIR", "BIND", "PUBLIC_BIND", "HANDSHAKE_SECONDS", "CERTIFICATE_SUBJECT"} <= read
    assert sorted(read) == sorted({without_purpose(name) for name in settings_documented()})


def without_purpose(name: str) -> str:
    """CERTIFICATE_FILE for SERVER_CERTIFICATE_FILE: the code puts the purpose of a store before it."""
    return re.sub("^((SERVER|CLIENT)?_)(?=CERTIFICATE_|KEY_FILE|PARTICIPANT)", "", name)


def settings_read(folder: str) -> Iterator[str]:
    """The names with which the readers of ``ServiceEnvironment`` are called, and the names of ports.

    Of a name behind a prefix (``f"{prefix}PARTICIPANT"``): the name.
    """
    for file in (REPOSITORY / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr=reader), args=[ast.Constant(value=str(name)), *_]) if (
                    reader in READERS and SETTING.fullmatch(name)
                ):
                    yield name
                case ast.Call(
                    func=ast.Attribute(attr=reader),
                    args=[ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(name))]), *_],
                ) if reader in READERS and SETTING.fullmatch(name):
                    yield name
                case ast.Call(
                    func=ast.Name(id="plain_front" | "tls_front"), args=[_, ast.Constant(value=name)]
                ):
                    yield str(name)
                case ast.arg(arg="bind"):
                    yield "BIND"


def settings_documented() -> set[str]:
    """From the first column of the table."""
    text = (REPOSITORY / "docs" / "architecture.md").read_text()
    _, table = text.split("| setting | of | what |\n", 1)
    rows = [line for line in table.split("\n\n", 1)[0].splitlines() if not line.startswith("|---")]
    return {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
