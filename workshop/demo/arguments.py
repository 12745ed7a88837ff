"""What ``./scripts/demo`` takes. Needs only the standard library, so that --help needs no installation."""

import argparse
import os
from pathlib import Path

ACTS = {
    1: "a certificate authority, and those who enrolled with it",
    2: "the partner gets a token",
    3: "the partner does business",
    4: "a thief has the token",
    5: "the same theft with a plain bearer token",
    6: "certificates turn under traffic",
    7: "the thief has the key, too, until it is revoked",
    8: "a false bank",
    9: "the thief before every method",
}
LIFETIME_SECONDS = 60
SHORTEST_LIFETIME_SECONDS = 30


def parser() -> argparse.ArgumentParser:
    """The argument parser."""
    result = argparse.ArgumentParser(
        prog="demo",
        description="Start everything, play the whole story over real mutual TLS, and stop everything.",
        epilog="Acts: " + "; ".join(f"{number} {title}" for number, title in ACTS.items()) + ". "
        "Exit status: 0 if every row of the closing table holds, 1 if one does not or the story could not "
        "be played, 2 for unknown options, 130 after Ctrl-C.",
    )
    result.add_argument(
        "--act", type=int, action="append", choices=ACTS, metavar="N", help="play only act N; may be repeated"
    )
    result.add_argument(
        "--attacks", action="store_true", help="play every attack of the catalogue, in place of the acts"
    )
    result.add_argument("--pause", action="store_true", help="wait for a key between acts, for trainers")
    result.add_argument("--explain", action="store_true", help="tell more about each step")
    result.add_argument(
        "--report", type=_report, metavar="FILE", help="write the table and the timeline to FILE, as JSON"
    )
    result.add_argument(
        "--keep",
        action="store_true",
        help="leave everything running afterwards, with its state in var/demo; ./scripts/down ends it",
    )
    result.add_argument(
        "--lifetime",
        type=_lifetime,
        default=LIFETIME_SECONDS,
        metavar="SECONDS",
        help=f"of certificates, {SHORTEST_LIFETIME_SECONDS} to {LIFETIME_SECONDS} (default: %(default)s); "
        "act 6 takes about twice that",
    )
    return result


def _lifetime(text: str) -> int:
    seconds = int(text)
    if not SHORTEST_LIFETIME_SECONDS <= seconds <= LIFETIME_SECONDS:
        raise argparse.ArgumentTypeError(
            f"from {SHORTEST_LIFETIME_SECONDS} to {LIFETIME_SECONDS} seconds, so that people see them turn"
        )
    return seconds


def _report(text: str) -> Path:
    path = Path(text).absolute()
    if not os.access(path if path.exists() else path.parent, os.W_OK) or path.is_dir():
        raise argparse.ArgumentTypeError(f"cannot be written: {path}")
    return path
