"""Finds events in the audit trail of a service, as ``audit_trail`` wrote it: line by line, without an index.

Rotated files (``audit.jsonl.1``, ``audit.jsonl-20260301.gz`` and the like) are read too. A line that was
cut, because a machine lost power or a disk was full, is passed over, and counted.
"""

import gzip
import json
import logging
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

logger = logging.getLogger(__name__)

CURRENT = "audit.jsonl"

# How many events of one id are told: a client that gives all its calls the same id has thousands.
MOST_EVENTS = 50

Event = dict[str, Any]


class TrailUnreadable(Exception):
    """A folder or a file of the trail is not there, or cannot be read; the message says which and why."""


@dataclass
class Search:
    """What was found, oldest first.

    directories: by service, the folders that were read. left_out: how many older events were found and
    dropped, since only the last ones are kept. damaged: how many lines match and are no whole event.
    """

    directories: Mapping[str, Path]
    found: deque[Event]
    left_out: int = 0
    damaged: int = 0
    files: list[Path] = field(default_factory=list)


def by_correlation_id(directories: Mapping[str, Path], correlation_id: str) -> Search:
    """The events of one call. Letter case does not count. Raises TrailUnreadable."""
    wanted = correlation_id.lower()
    return _search(directories, wanted, lambda event: str(event.get("correlation_id")).lower() == wanted)


def by_peer(directories: Mapping[str, Path], peer: str) -> Search:
    """The events of one connection, ``ip:port`` as the service saw it; ports come back, so the last ones."""
    return _search(directories, peer.lower(), lambda event: str(event.get("peer")).lower() == peer.lower())


def recent_refusals(directories: Mapping[str, Path], count: int) -> Search:
    """The last refusals of all services together."""
    return _search(directories, '"refused"', lambda event: event.get("outcome") == "refused", most=count)


def named(directory: Path, event: str) -> Iterator[Event]:
    """All events of one name, oldest first; damaged lines are skipped, and logged. Raises TrailUnreadable."""
    search = Search({}, deque())
    for file in trail_files(directory):
        for each in _events(file, event.encode(), search):
            if each.get("event") == event:
                yield each
    if search.damaged:
        logger.warning("%d damaged lines of the trail in %s are skipped", search.damaged, directory)


def trail_files(directory: Path) -> Sequence[Path]:
    """The files of a trail, oldest first. Raises TrailUnreadable if the folder cannot be read."""
    try:
        files = [each for each in directory.iterdir() if each.name.startswith(CURRENT)]
        # Whatever names a rotation gives them, they were last written in the order of their events.
        return sorted(files, key=lambda each: (each.name == CURRENT, each.stat().st_mtime_ns, each.name))
    except OSError as error:
        raise TrailUnreadable(f"{directory}: {error.strerror}") from error


def _search(
    directories: Mapping[str, Path],
    needle: str,
    belongs: Callable[[Event], bool],
    most: int = MOST_EVENTS,
) -> Search:
    search = Search(directories, deque())
    for directory in directories.values():
        kept: deque[Event] = deque(maxlen=most)
        for file in trail_files(directory):
            search.files.append(file)
            for event in _events(file, needle.encode(), search):
                if belongs(event):
                    search.left_out += len(kept) == most
                    kept.append(event)
        search.found.extend(kept)
    together = sorted(search.found, key=lambda event: str(event.get("time")))
    search.left_out += max(0, len(together) - most)
    search.found = deque(together, maxlen=most)
    return search


def _events(file: Path, needle: bytes, search: Search) -> Iterator[Event]:
    """The events of one file whose line has the needle, in small letters: parsing all would take longer."""
    try:
        with _opened(file) as lines:
            for line in lines:
                if needle not in line.lower():
                    continue
                try:
                    event = json.loads(line)
                except ValueError:
                    event = None
                if isinstance(event, dict):
                    yield event
                else:
                    search.damaged += 1
    except FileNotFoundError:
        return  # rotated away a moment ago
    except (OSError, EOFError, zlib.error) as error:
        raise TrailUnreadable(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _opened(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")
