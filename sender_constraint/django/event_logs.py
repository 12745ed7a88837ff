"""Where the commands of an API find its events: in the files that Python's logging writes."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from sender_constraint.explanations.search import Source, Sources

STANDARD_INPUT = Path("/dev/stdin")


def add_log_argument(parser: ArgumentParser) -> None:
    """``--log FILE``, which may be repeated."""
    parser.add_argument(
        "--log",
        action="append",
        type=Path,
        metavar="FILE",
        help="a file with the events that sender_constraint.events logged; repeatable, oldest first; .gz is "
        "read too (default: standard input)",
    )


def log_sources(files: Sequence[Path] | None) -> Sources:
    """The given log files, or standard input."""
    if files:
        return {"the log": Source(files, is_log=True)}
    return {"standard input": Source([STANDARD_INPUT], is_log=True)}
