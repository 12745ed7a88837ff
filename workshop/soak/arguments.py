"""What ``./scripts/soak`` takes. Needs only the standard library, so that --help needs no installation."""

import argparse
import os
from pathlib import Path

ROTATIONS = 100
PROCESSES = 3
THREADS = 3
OPERATOR_EVERY = 100
# Short, and still the worker, which looks each thirtieth of it, looks each second.
LIFETIME_SECONDS = 45


def parser() -> argparse.ArgumentParser:
    """The argument parser."""
    result = argparse.ArgumentParser(
        prog="soak",
        description="Replace the partner's certificate again and again under load, each time as soon as "
        "every caller has adopted the last one, while processes are killed at random points. Each hundred "
        f"rotations (and once at half of fewer than {OPERATOR_EVERY}) the operator revokes the certificate "
        "and admits the partner anew.",
        epilog="Exit status: 0 if nothing failed, nothing was lost or doubled and nothing grew; 1 if "
        "something did; 2 if it could not start; 130 after Ctrl-C, which prints what was measured so far.",
    )
    result.add_argument(
        "--rotations", type=_count, default=ROTATIONS, metavar="N", help="default: %(default)s"
    )
    result.add_argument(
        "--processes", type=_count, default=PROCESSES, metavar="N", help="that call; default: %(default)s"
    )
    result.add_argument(
        "--threads", type=_count, default=THREADS, metavar="N", help="in each of them; default: %(default)s"
    )
    result.add_argument(
        "--seed", type=int, metavar="N", help="of what is killed when; without it, another one each time"
    )
    result.add_argument("--report", type=_report, metavar="FILE", help="write all figures to FILE, as JSON")
    return result


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _report(text: str) -> Path:
    path = Path(text).absolute()
    if not os.access(path if path.exists() else path.parent, os.W_OK) or path.is_dir():
        raise argparse.ArgumentTypeError(f"cannot be written: {path}")
    return path
