"""What ``./scripts/compare`` takes. Needs only the standard library, so that --help needs no installation."""

import argparse
import os
from pathlib import Path

ROUNDS = 10
CALLS = 20


def parser() -> argparse.ArgumentParser:
    """The argument parser."""
    result = argparse.ArgumentParser(
        prog="compare",
        description="Start an environment of its own, make the same business call (read the accounts, and "
        "pay) in every way to bind a token to its sender, measure what it takes on the wire and in "
        "processor time, steal each token, try it, and revoke it.",
        epilog="Exit status: 0 if every call and every theft came out as it should, 1 if one did not or the "
        "environment could not start, 2 for unknown options, 130 after Ctrl-C, which leaves nothing running.",
    )
    result.add_argument(
        "--rounds",
        type=_count,
        default=ROUNDS,
        metavar="N",
        help="each way has its turn in each of them; default: %(default)s",
    )
    result.add_argument(
        "--calls",
        type=_count,
        default=CALLS,
        metavar="N",
        help="business calls on open connections, and a quarter as many on new ones, of each way in a round; "
        "default: %(default)s",
    )
    result.add_argument(
        "--report",
        type=_report,
        metavar="FILE",
        help="write all figures to FILE, as JSON, and beside it as a page with charts, whose name ends in "
        ".html; a FILE that ends in .html has its JSON beside it",
    )
    return result


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _report(text: str) -> Path:
    path = Path(text).absolute().with_suffix(".json")
    for file in (path, path.with_suffix(".html")):
        if not os.access(file if file.exists() else file.parent, os.W_OK) or file.is_dir():
            raise argparse.ArgumentTypeError(f"cannot be written: {file}")
    return path
