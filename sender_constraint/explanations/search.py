"""Finds events in files of JSON lines, as ``core.events`` encodes them: line by line, without an index.

A file is an audit trail, or the log of an application: a line may begin with what a formatter of Python's
logging puts there, and a line without an event is skipped. A line of an event that was cut off, because a
machine lost power or a disk was full, is skipped, and counted.
"""

import gzip
import json
import logging
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

logger = logging.getLogger(__name__)

# How many events of one id are reported: a client that gives all its calls the same id has thousands.
MOST_EVENTS = 50

# How ``core.events`` begins an event.
_BEGINNING = b'{"time": '

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one service, oldest first.

    is_log: whether other lines than events are expected, as in an application's log.
    """

    files: Sequence[Path]
    is_log: bool = False


# By the name of each service, or of its log.
Sources = Mapping[str, Source]


class EventsUnreadable(Exception):
    """A folder or a file with events is missing, or cannot be read; the message says which and why."""


@dataclass
class Search:
    """What was found, oldest first.

    left_out: how many older events were found and dropped, since only the last ones are kept.
    damaged: how many lines match and are no whole event.
    """

    sources: Sources
    found: deque[Event]
    left_out: int = 0
    damaged: int = 0

    @property
    def files(self) -> list[Path]:
        """All that were read."""
        return [file for source in self.sources.values() for file in source.files]


def by_correlation_id(sources: Sources, correlation_id: str) -> Search:
    """The events of one call. Letter case is ignored. Raises EventsUnreadable."""
    wanted = correlation_id.lower()
    return _search(sources, wanted, lambda event: str(event.get("correlation_id")).lower() == wanted)


def by_peer(sources: Sources, peer: str) -> Search:
    """The last events of connections from ``ip:port``, as the service saw it. Raises TrailUnreadable."""
    return _search(sources, peer.lower(), lambda event: str(event.get("peer")).lower() == peer.lower())


def recent_refusals(sources: Sources, count: int) -> Search:
    """The last refusals of all services together, one event per call: its last one.

    Without refusals that affect no caller: ``/health`` requests while a service starts, and handshakes that
    the peer aborted. Both are found by ID or peer.
    """
    return _search(sources, '"refused"', _refuses_a_caller, most=count, same=_call)


def named(sources: Sources, event: str) -> Iterator[Event]:
    """All events of one name, oldest first; damaged lines are skipped and logged. Raises EventsUnreadable."""
    search = Search(sources, deque())
    for source in sources.values():
        for each in _events(source, event.encode(), search):
            if each.get("event") == event:
                yield each
    if search.damaged:
        logger.warning("%d damaged lines are skipped: %s", search.damaged, ", ".join(map(str, search.files)))


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
    sources: Sources,
    needle: str,
    belongs: Callable[[Event], bool],
    most: int = MOST_EVENTS,
    same: Callable[[Event], object] = lambda _: object(),
) -> Search:
    """same: the key of events of which only the latest is kept; by default, all are kept."""
    search = Search(sources, deque())
    found: list[Event] = []
    for source in sources.values():
        kept: dict[object, Event] = {}
        for event in _events(source, needle.encode(), search):
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


def _events(source: Source, needle: bytes, search: Search) -> Iterator[Event]:
    """The events whose line has the needle, in small letters: parsing all would take longer."""
    for file in source.files:
        try:
            with _opened(file) as lines:
                for line in lines:
                    if needle in line.lower():
                        yield from _event(line, source, search)
        except FileNotFoundError:
            if source.is_log:
                raise EventsUnreadable(f"{file}: No such file") from None
            # A trail that was rotated a moment ago.
        except (OSError, EOFError, zlib.error) as error:
            raise EventsUnreadable(f"{file}: {getattr(error, 'strerror', None) or error}") from error


def _event(line: bytes, source: Source, search: Search) -> Iterator[Event]:
    if source.is_log:
        _, beginning, rest = line.partition(_BEGINNING)
        if not beginning:
            return
        line = beginning + rest
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if isinstance(event, dict):
        yield event
    else:
        search.damaged += 1


def _opened(file: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(file)) if file.suffix == ".gz" else file.open("rb")
