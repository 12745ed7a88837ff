"""The format of a state directory: recorded when a service is prepared, checked by each of its processes.

Version 0.1.0 recorded no format; its directories have format 1. A change of files or tables that an earlier
version cannot use is a new format, and docs/upgrade.md says what to do.
"""

from pathlib import Path

from environ import ImproperlyConfigured

from sender_constraint.certificates import durable_files

FILE = "state-format"
CURRENT = "1"


def check(state: Path) -> None:
    """Raise ImproperlyConfigured if another version prepared this directory in a format of its own."""
    try:
        recorded = (state / FILE).read_text().strip()
    except FileNotFoundError:
        return
    if recorded != CURRENT:
        raise ImproperlyConfigured(
            f"{state} has the state format {recorded!r}, and this version reads format {CURRENT}: "
            "another version prepared it. Start that version, or use another folder (STATE_DIR; "
            "./scripts/up --state FOLDER). See docs/upgrade.md."
        )


def record(state: Path) -> None:
    """Record the format of a directory that is prepared now; what is recorded stays."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable_files.write_once(state / FILE, f"{CURRENT}\n".encode(), durable_files.PUBLIC)
