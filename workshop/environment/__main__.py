"""``./scripts/up``, ``./scripts/down`` and ``./scripts/status``. Needs nothing installed for --help."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from workshop.environment import stopping
from workshop.environment.deployment import DAY_SECONDS, SHORTEST_LIFETIME_SECONDS
from workshop.environment.running import FAILURES, CannotStart, UsageError, running_record
from workshop.environment.termination import exit_status

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the command. Returns the exit status: 0, 1 for a failure, 2 for usage or if nothing runs."""
    parser, commands = _parser()
    arguments, unknown = parser.parse_known_args()
    if unknown:
        commands[arguments.command].error(f"unrecognized arguments: {' '.join(unknown)}")
    return exit_status(arguments.command, lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    try:
        return _command(arguments.command)(arguments)
    except UsageError as reason:
        print(f"{arguments.command}: {reason}", file=sys.stderr)
        return 2
    except FAILURES as reason:
        print(f"{arguments.command}: {reason}", file=sys.stderr)
        return 1


def _command(name: str) -> Callable[[argparse.Namespace], int]:
    # Not before the arguments are understood: help, down and reset work before anything is installed.
    if name in ("down", "reset"):
        return getattr(stopping, name)  # type: ignore[no-any-return]  # by its name
    if name == "commands":
        return print_commands
    if name == "status":
        return status
    from workshop.environment import commands

    return commands.up


def status(arguments: argparse.Namespace) -> int:
    """As ``commands.status``; where nothing runs, nothing needs to be installed to say so."""
    if running_record(arguments.state.absolute()) is None:
        return stopping.not_running()
    try:
        from workshop.environment import commands
    except ModuleNotFoundError as missing:
        raise CannotStart(
            f"it runs, but its packages are not installed any more ({missing}).\n"
            "  Next: ./scripts/down, which needs none, then ./scripts/up."
        ) from missing
    return commands.status(arguments)


def print_commands(_: argparse.Namespace) -> int:
    """Print the commands to copy."""
    from workshop.environment import demo_env

    print(demo_env.commands())
    return 0


def _parser() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser, and those of the commands by their names."""
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
        description="Stop what up started, and what a killed up or demo left behind. What is in var stays. "
        "Exit status 2 if nothing runs.",
    )
    reset = commands.add_parser(
        "reset",
        prog="reset",
        description="Stop everything and delete all state and keys, also the demo's, after asking. "
        "The next start makes new ones. Packages stay installed.",
    )
    reset.add_argument("--yes", action="store_true", help="do not ask")
    status = commands.add_parser(
        "status",
        prog="status",
        description="Say what runs and whether it is healthy, which alarms are active, what expires when, "
        "and where it listens. The last line is the verdict. Exit status 1 if an alarm is critical or a "
        "program is not healthy, 2 if nothing runs.",
    )
    status.add_argument("--tasks", action="store_true", help="show what the background tasks did, too")
    commands.add_parser("commands", prog="commands", description="Print the commands to copy.")
    for command in (up, down, reset, status):
        command.add_argument(
            "--state",
            type=Path,
            default=REPOSITORY / "var",
            metavar="FOLDER",
            help="where everything is kept (default: %(default)s)",
        )
    return parser, commands.choices


def _lifetime(text: str) -> int:
    seconds = int(text)
    if seconds < SHORTEST_LIFETIME_SECONDS:
        raise argparse.ArgumentTypeError(f"at least {SHORTEST_LIFETIME_SECONDS} seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
