"""Entry point of ``./scripts/compare``. Parses before it imports: --help needs no installation."""

import sys

from workshop.comparison.arguments import parser


def main() -> int:
    """Compare as the arguments say. Returns the exit status."""
    arguments = parser().parse_args()
    from workshop.comparison.compare import compare

    return compare(arguments)


if __name__ == "__main__":
    sys.exit(main())
