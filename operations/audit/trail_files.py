"""The files of audit trails, rotated ones included: ``audit.jsonl.1``, ``audit.jsonl-20260301.gz``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sender_constraint.explanations.search import EventsUnreadable, Source, Sources

CURRENT = "audit.jsonl"


def trails(directories: Mapping[str, Path]) -> Sources:
    """By service, the files of its trail. directories: by service. Raises EventsUnreadable."""
    return {service: Source(trail_files(directory)) for service, directory in directories.items()}


def trail_files(directory: Path) -> Sequence[Path]:
    """The files of a trail, oldest first. Raises EventsUnreadable if the folder cannot be read."""
    try:
        files = [each for each in directory.iterdir() if each.name.startswith(CURRENT)]
        # Independent of their names, rotated files were last written in the order of their events.
        return sorted(files, key=lambda each: (each.name == CURRENT, each.stat().st_mtime_ns, each.name))
    except OSError as error:
        raise EventsUnreadable(f"{directory}: {error.strerror}") from error
