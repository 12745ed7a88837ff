"""What down and reset do, with the standard library alone: they work where the packages are gone."""

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from workshop.environment import processes
from workshop.environment.deployment import LIFETIME_FILE, OWN_FOLDERS, STATES
from workshop.environment.running import UsageError, exclusive, stop

# The exit status where there is nothing to work on.
NOT_RUNNING = 2
# Environments of other scripts, each in a folder of its own below that of ``up``.
OTHERS = ("demo", "soak", "compare")


def down(arguments: argparse.Namespace) -> int:
    """Stop what runs, and clean up after what was killed. Exit status 2 if nothing runs."""
    stopped = list(_stop_all(arguments.state.absolute()))
    for line in stopped:
        print(line)
    return 0 if stopped else not_running()


def reset(arguments: argparse.Namespace) -> int:
    """Stop what runs and forget all state and keys, if the user agrees."""
    root: Path = arguments.state.absolute()
    doomed = [path for path in _made_by_environments(root) if path.exists()]
    if not doomed:
        print(f"There is nothing to forget in {root}.")
        return 0
    if not arguments.yes:
        if not sys.stdin.isatty():
            raise UsageError(
                "it asks before it deletes, and the input is not a terminal. Use --yes to agree."
            )
        print(
            f"This stops everything that runs in {root} and deletes its state: the authority and its keys,\n"
            "clients, certificates, accounts, payments, passwords, audit trails and settings of your own:\n"
            f"  {' '.join(path.name for path in doomed)}"
        )
        try:
            agreed = input("Delete it? [y/N] ").strip().lower() in ("y", "yes")
        except EOFError:
            agreed = False
        if not agreed:
            print("Nothing was changed.")
            return 1
    for line in _stop_all(root):
        print(line)
    with exclusive(root):
        for path in doomed:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    print(f"Forgotten: what was in {root}. ./scripts/up starts with new keys.")
    return 0


def _made_by_environments(root: Path) -> Iterator[Path]:
    """What an environment keeps in its folder, and the folders of the other scripts; no file of the user's.

    None where there never was an environment: a folder may be called ``run`` anywhere.
    """
    if (root / LIFETIME_FILE).exists():
        yield from (root / name for name in (*STATES, *OWN_FOLDERS, "demo.env", LIFETIME_FILE))
    yield from (root / name for name in OTHERS if (root / name / LIFETIME_FILE).exists())


def not_running() -> int:
    """Say that nothing runs, and the exit status for it."""
    print("Nothing is running. ./scripts/up starts it.")
    return NOT_RUNNING


def _stop_all(root: Path) -> Iterator[str]:
    """Stop the environment and those of other scripts; a line for each that ran."""
    for folder in (root, *(root / name for name in OTHERS)):
        if processes.running(folder):
            with exclusive(folder):
                forced = stop(folder)
            yield f"stopped what ran in {folder}" + (f"; by force: {forced}" if forced else "")
