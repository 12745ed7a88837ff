"""Entry point of ``./scripts/demo``. Parses before it imports: --help needs no installation."""

import argparse
import sys

from workshop.demo.arguments import parser
from workshop.environment.termination import exit_status


def main() -> int:
    """Play as the arguments say. Returns the exit status."""
    arguments = parser().parse_args()
    return exit_status("demo", lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    from workshop.demo.play import play_in_the_right_place

    return play_in_the_right_place(arguments)


if __name__ == "__main__":
    sys.exit(main())
