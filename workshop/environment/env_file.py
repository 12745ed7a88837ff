"""Files of settings, a line ``NAME=VALUE`` each, as the services' own reader understands them."""

import io
import re
from pathlib import Path

import environ

from workshop.environment.running import CannotStart


def read_file(file: Path) -> dict[str, str]:
    """The settings in a file; none if it is missing. Raises CannotStart for a line that is not one."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"{file} cannot be read: {error}") from error
    settings: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        setting = setting_in(line)
        if setting is None:
            raise CannotStart(f"{file}, line {number}, is not NAME=VALUE: {line!r}")
        if setting[0] in settings:
            raise CannotStart(f"{file}, line {number}: {setting[0]} is set a second time.")
        settings[setting[0]] = setting[1]
    return settings


def setting_in(line: str) -> tuple[str, str] | None:
    """Name and value in a line, without the quotes that a value may have; None if it is not a setting."""

    class OneLine(environ.Env):  # type: ignore[misc]  # the library has no types
        ENVIRON: dict[str, str] = {}  # noqa: RUF012 - of this class alone

    OneLine.read_env(io.StringIO(line.rstrip()))
    return next(iter(OneLine.ENVIRON.items()), None)


def line_of(name: str, value: str) -> str:
    """A line that is read back as it was meant."""
    if value[:1] in ("'", '"') or value != value.strip():
        return f"{name}=" + '"' + re.sub(r'([\\"])', r"\\\1", value) + '"'
    return f"{name}={value}"
