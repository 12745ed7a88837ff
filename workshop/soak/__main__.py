"""Entry point of ``./scripts/soak``. Parses before it imports: --help needs no installation."""

import argparse
import sys

from workshop.environment.termination import exit_status
from workshop.soak.arguments import parser


def main() -> int:
    """Soak as the arguments say. Returns the exit status."""
    arguments = parser().parse_args()
    return exit_status("soak", lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    from workshop.soak.soak import soak

    return soak(arguments)


if __name__ == "__main__":
    sys.exit(main())
