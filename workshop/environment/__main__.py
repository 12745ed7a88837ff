"""``./scripts/up``, ``./scripts/down`` and ``./scripts/status``. Needs nothing installed for --help."""

import argparse
import os
import sys
from pathlib import Path

from workshop.environment.deployment import DAY_SECONDS, SHORTEST_LIFETIME_SECONDS

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command. Returns the exit status: 0, 1 for a failure, 2 for usage, 130 after Ctrl-C."""
    arguments = _parser().parse_args()
    if arguments.command == "commands":
        from workshop.environment import demo_env

        print(demo_env.commands())
        return 0
    # Not before the arguments are understood: help is there before anything is installed.
    from workshop.environment import commands

    try:
        return int(getattr(commands, arguments.command)(arguments))
    except commands.FAILURES as reason:
        print(f"{arguments.command}: {reason}", file=sys.stderr)
        return 2 if isinstance(reason, commands.UsageError) else 1
    except BrokenPipeError:
        # Whoever read the output is gone, as in ``up | head``; nor is there anyone for Python's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print(f"{arguments.command}: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="environment", description="The environment on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser(
        "up",
        prog="up",
        description="Start the authority, the bank, both partners, their workers and stores; leave them up. "
        "What is in var stays for the next time; certificates that expired meanwhile are renewed.",
    )
    up.add_argument(
        "--lifetime",
        type=_lifetime,
        metavar="SECONDS",
        help=f"how long certificates are valid (default: {DAY_SECONDS}, or what --set says); "
        "workers replace them in the last third",
    )
    up.add_argument(
        "--profile",
        choices=["fapi2"],
        default="",
        help="hold everybody to FAPI 2.0: without the demo's bearer client and its route",
    )
    up.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="SERVICE.NAME=VALUE",
        help="change a setting of a service from now on; repeatable; kept in var/SERVICE/local.env",
    )
    up.add_argument(
        "--unset",
        action="append",
        default=[],
        metavar="SERVICE.NAME",
        help="take back what --set, or a line of local.env, has set; repeatable",
    )
    down = commands.add_parser(
        "down",
        prog="down",
        description="Stop what up started, and what a killed up or demo left behind. What is in var stays.",
    )
    status = commands.add_parser(
        "status",
        prog="status",
        description="Say what runs and whether it is healthy, which alarms stand, what expires when, and "
        "where it listens. Exit status 1 if nothing runs, 2 if an alarm is critical.",
    )
    status.add_argument("--tasks", action="store_true", help="show what the background tasks did, too")
    commands.add_parser("commands", prog="commands", description="Print the commands to copy.")
    for command in (up, down, status):
        command.add_argument(
            "--state",
            type=Path,
            default=REPOSITORY / "var",
            metavar="FOLDER",
            help="where everything is kept (default: %(default)s)",
        )
    return parser


def _lifetime(text: str) -> int:
    seconds = int(text)
    if seconds < SHORTEST_LIFETIME_SECONDS:
        raise argparse.ArgumentTypeError(f"at least {SHORTEST_LIFETIME_SECONDS} seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
