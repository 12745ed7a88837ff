"""Entry point of ``./scripts/soak``. Parses before it imports: --help needs no installation."""

import sys

from workshop.soak.arguments import parser


def main() -> int:
    """Soak as the arguments say. Returns the exit status."""
    arguments = parser().parse_args()
    from workshop.soak.soak import soak

    return soak(arguments)


if __name__ == "__main__":
    sys.exit(main())
