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
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=f"""Replace the partner's certificate again and again under load, while processes are
killed.

It starts an environment of its own (in var/soak, on free ports; a running one is not touched) and
PROCESSES x THREADS callers that read accounts and pay without a pause. Each rotation gives the partner
a new certificate, as soon as every caller has adopted the last one. In its first seconds it kills
(kill -9) each worker with a chance of 1 in 5, and each server of the authority and the bank with
1 in 20; the supervisor starts them again. Every {OPERATOR_EVERY} rotations (once, at half, of fewer than
{OPERATOR_EVERY}) the operator revokes the certificate and admits the partner again. At the end it compares
what was paid with what the bank booked.

--rotations 5 takes about two minutes on two idle cores, half of it to start and stop; 100 take about
20 minutes. It needs about 1.5 GiB of memory and no network.""",
        epilog="Exit status: 0 if no call failed, no payment was lost or doubled and no process grew; 1 if "
        "one did, or the environment could not start; 2 for unknown options; 130 after Ctrl-C, which prints "
        "what was measured so far.",
    )
    result.add_argument(
        "--rotations",
        type=_count,
        default=ROTATIONS,
        metavar="N",
        help="how often the certificate is replaced; default: %(default)s",
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
