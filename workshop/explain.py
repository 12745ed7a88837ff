"""``./scripts/explain``: why a call was refused, from the audit trails of all services of one environment.

In the shell of Compose, where the folders are mounted elsewhere: ``python -m workshop.explain ID``.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from workshop.environment.deployment import STATES, attached
from workshop.environment.termination import exit_status

REPOSITORY = Path(__file__).resolve().parents[1]
# The exit status where nothing was started yet.
NO_TRAIL = 2


class NoTrail(Exception):
    """There is no environment to explain something of. The message names the next step."""


def main(arguments: list[str] | None = None) -> int:
    """Print the explanations. Returns the exit status: 0, 1 if nothing was found, 2 if there is no trail."""
    try:
        from operations.audit.trail_files import trails
        from sender_constraint.explanations.command import NotExplained, add_arguments, answer
        from sender_constraint.explanations.search import EventsUnreadable
    except ModuleNotFoundError as missing:
        print(f"explain: its packages are not installed ({missing}). ./scripts/up installs them, and starts.")
        return NO_TRAIL
    parser = argparse.ArgumentParser(
        prog="explain",
        description="Explain why a call was refused: the rule and its section, what was expected and "
        "what was presented, and what to do next. Reads the audit trails of all services.",
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
            trails(audit_folders(options.root)),
            correlation_id=options.correlation_id,
            peer=options.peer,
            recent=options.recent,
            as_json=options.json,
        )
    except NotExplained as reason:
        print(f"explain: {reason}", file=sys.stderr)
        return reason.status
    except EventsUnreadable as reason:
        print(f"explain: {reason}", file=sys.stderr)
        return 1
    except NoTrail as reason:
        print(f"explain: {reason}", file=sys.stderr)
        return NO_TRAIL
    for line in lines:
        print(line)
    return 0


def audit_folders(root: Path | None) -> Mapping[str, Path]:
    """By service, the folders of the trails below a root; without one, those of the environment at hand.

    Raises NoTrail if there are none.
    """
    deployment = attached() if root is None else None
    if deployment is not None:
        return {service: folder for service, folder in deployment.audits.items() if folder.is_dir()}
    root = root or REPOSITORY / "var"
    folders = {service: _audit_folder(root / service) for service in STATES}
    present = {service: folder for service, folder in folders.items() if folder.is_dir()}
    if not present:
        raise NoTrail(
            f"There is no audit trail below {root}.\nStart the environment (./scripts/up), or say where it "
            "keeps its state: --root var/demo for the demo's."
        )
    return present


def _audit_folder(state: Path) -> Path:
    """Where a service writes its trail: where its settings say."""
    from workshop.environment.env_file import read_file

    return Path(read_file(state / "service.env").get("AUDIT_DIR", state / "audit"))


if __name__ == "__main__":
    sys.exit(exit_status("explain", main))
