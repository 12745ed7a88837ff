"""Search of a service's audit trail: line by line, without an index.

Rotated files (``audit.jsonl.1``, ``audit.jsonl-20260301.gz`` and the like) are read too. Lines truncated by a
power loss or a full disk are skipped and counted.
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

# The most events of one ID that are reported: a client that reuses its ID has thousands.
MOST_EVENTS = 50

Event = dict[str, Any]


class TrailUnreadable(Exception):
    """A folder or file of the trail is missing or cannot be read; the message says which and why."""


@dataclass
class Search:
    """The events found, oldest first.

    directories: the folders searched, by service. left_out: the number of older events that were dropped.
    damaged: the number of matching lines that are not a whole event.
    """

    directories: Mapping[str, Path]
    found: deque[Event]
    left_out: int = 0
    damaged: int = 0
    files: list[Path] = field(default_factory=list)


def by_correlation_id(directories: Mapping[str, Path], correlation_id: str) -> Search:
    """The events of one call. Case-insensitive. Raises TrailUnreadable."""
    wanted = correlation_id.lower()
    return _search(directories, wanted, lambda event: str(event.get("correlation_id")).lower() == wanted)


def by_peer(directories: Mapping[str, Path], peer: str) -> Search:
    """The last events of connections from ``ip:port``, as the service saw it. Raises TrailUnreadable."""
    return _search(directories, peer.lower(), lambda event: str(event.get("peer")).lower() == peer.lower())


def recent_refusals(directories: Mapping[str, Path], count: int) -> Search:
    """The last refusals of all services together, one event per call: its last one.

    Without refusals that affect no caller: ``/health`` requests while a service starts, and handshakes that
    the peer aborted. Both are found by ID or peer.
    """
    return _search(directories, '"refused"', _refuses_a_caller, most=count, same=_call)


def named(directory: Path, event: str) -> Iterator[Event]:
    """All events of a name, oldest first; damaged lines are skipped and logged. Raises TrailUnreadable."""
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
        # Independent of their names, rotated files were last written in the order of their events.
        return sorted(files, key=lambda each: (each.name == CURRENT, each.stat().st_mtime_ns, each.name))
    except OSError as error:
        raise TrailUnreadable(f"{directory}: {error.strerror}") from error


def _refuses_a_caller(event: Event) -> bool:
    detail = event.get("detail")
    reason = detail.get("reason") if isinstance(detail, dict) else None
    given_up = event.get("rule") == "tls.handshake" and reason == "Unexpected EOF"
    # An event without a rule is about a refusal of this service's own request, such as a renewal.
    return (
        event.get("outcome") == "refused"
        and event.get("rule") is not None
        and event.get("path") != "/health"
        and not given_up
    )


def _call(event: Event) -> object:
    """The call that an event belongs to; it may have events of several services."""
    return event.get("correlation_id") or (event.get("service"), event.get("peer"), event.get("rule"))


def _search(
    directories: Mapping[str, Path],
    needle: str,
    belongs: Callable[[Event], bool],
    most: int = MOST_EVENTS,
    same: Callable[[Event], object] = lambda _: object(),
) -> Search:
    """same: the key of events of which only the latest is kept; by default, all are kept."""
    search = Search(directories, deque())
    found: list[Event] = []
    for directory in directories.values():
        kept: dict[object, Event] = {}
        for file in trail_files(directory):
            search.files.append(file)
            for event in _events(file, needle.encode(), search):
                if belongs(event):
                    _keep(kept, same(event), event)
                    search.left_out += len(kept) > most
                    while len(kept) > most:
                        kept.pop(next(iter(kept)))
        found.extend(kept.values())
    together: dict[object, Event] = {}
    for event in sorted(found, key=lambda event: str(event.get("time"))):
        _keep(together, same(event), event)
    search.left_out += max(0, len(together) - most)
    search.found = deque(together.values(), maxlen=most)
    return search


def _keep(kept: dict[object, Event], key: object, event: Event) -> None:
    """Append it, and remove an earlier one with the same key."""
    kept.pop(key, None)
    kept[key] = event


def _events(file: Path, needle: bytes, search: Search) -> Iterator[Event]:
    """The events in a file whose line contains the needle (lower case), without parsing the others."""
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
        return  # just rotated
    except (OSError, EOFError, zlib.error) as error:
        raise TrailUnreadable(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _opened(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")
