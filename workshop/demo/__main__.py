"""Entry point of ``./scripts/demo``. Parses before it imports: --help needs no installation."""

import sys

from workshop.demo.arguments import parser


def main() -> int:
    """Play as the arguments say. Returns the exit status."""
    arguments = parser().parse_args()
    from workshop.demo.play import play_in_the_right_place

    return play_in_the_right_place(arguments)


if __name__ == "__main__":
    sys.exit(main())
