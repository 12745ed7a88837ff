"""``./scripts/explain``: why a call was refused, from the audit trails of all services of one environment.

In the shell of Compose, where the folders are mounted elsewhere: ``python -m workshop.explain ID``.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from sender_constraint.server.environment import REPOSITORY
from sender_constraint.server.explaining import NotExplained, add_arguments, answer
from workshop.environment.deployment import STATES, attached


def main(arguments: list[str] | None = None) -> int:
    """Print the explanations. Returns the exit status: 0, 1 if nothing was found, 2 if nothing was asked."""
    parser = argparse.ArgumentParser(
        prog="explain",
        description="Explain why a call was refused: the rule and its section, what was expected beside what "
        "was presented, and what to do next. Reads the audit trails of all services.",
    )
    add_arguments(parser)
    parser.add_argument(
        "--root",
        type=Path,
        metavar="FOLDER",
        help="where the environment keeps its state (default: var; the demo's is var/demo)",
    )
    options = parser.parse_args(arguments)
    try:
        lines = answer(
            audit_folders(options.root),
            correlation_id=options.correlation_id,
            peer=options.peer,
            recent=options.recent,
            as_json=options.json,
        )
    except NotExplained as reason:
        print(f"explain: {reason}", file=sys.stderr)
        return reason.status
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output is gone, as in ``explain --recent | head``; nor for Python's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def audit_folders(root: Path | None) -> Mapping[str, Path]:
    """By service, the folders of the trails below a root; without one, those of the environment at hand.

    Raises NotExplained if there are none.
    """
    deployment = attached() if root is None else None
    if deployment is not None:
        return {service: folder for service, folder in deployment.audits.items() if folder.is_dir()}
    root = root or REPOSITORY / "var"
    folders = {service: root / service / "audit" for service in STATES}
    present = {service: folder for service, folder in folders.items() if folder.is_dir()}
    if not present:
        raise NotExplained(
            f"There is no audit trail below {root}.\nStart the environment (./scripts/up), or say where it "
            "keeps its state: --root var/demo for the demo's."
        )
    return present


if __name__ == "__main__":
    sys.exit(main())
