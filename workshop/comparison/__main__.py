"""Entry point of ``./scripts/compare``. Parses before it imports: --help needs no installation."""

import argparse
import sys

from workshop.comparison.arguments import parser
from workshop.environment.termination import exit_status


def main() -> int:
    """Compare as the arguments say. Returns the exit status."""
    arguments = parser().parse_args()
    return exit_status("compare", lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    from workshop.comparison.compare import compare

    return compare(arguments)


if __name__ == "__main__":
    sys.exit(main())
