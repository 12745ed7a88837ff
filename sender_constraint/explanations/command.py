"""The command ``explain``, for one service or several: arguments in, text out.

Its variants differ in the files that they read: an application's log, or the audit trails of services.
"""

import argparse
import json
from collections.abc import Iterator

from sender_constraint.core.correlation import CORRELATION_HEADER, is_correlation_id
from sender_constraint.explanations.report import document, lines, summary
from sender_constraint.explanations.search import (
    EventsUnreadable,
    Search,
    Sources,
    by_correlation_id,
    by_peer,
    recent_refusals,
)

RECENT = 10


class NotExplained(Exception):
    """There is nothing to explain. The message says why, and what to do next.

    status: the exit status. 1: not found, or not readable; 2: invalid arguments.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.add_argument(
        "correlation_id",
        nargs="?",
        metavar="ID",
        help=f"the {CORRELATION_HEADER} header of the refused call's response",
    )
    parser.add_argument(
        "--peer",
        metavar="IP:PORT",
        help="explain connections from this address: a failed TLS handshake has no ID",
    )
    parser.add_argument(
        "--recent",
        nargs="?",
        type=int,
        const=RECENT,
        metavar="N",
        help=f"list the last N refusals with their IDs (default: {RECENT})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def answer(
    sources: Sources,
    *,
    correlation_id: str | None,
    peer: str | None,
    recent: int | None,
    as_json: bool,
) -> Iterator[str]:
    """The lines to print. Raises NotExplained."""
    if sum(each is not None for each in (correlation_id, peer, recent)) != 1:
        raise NotExplained("Give one of: an ID, --peer IP:PORT, --recent [N]. See --help.", status=2)
    try:
        search = _searched(sources, correlation_id, peer, recent)
    except EventsUnreadable as reason:
        raise NotExplained(f"The events cannot be read: {reason}") from reason
    if not search.found:
        raise NotExplained("\n".join(_nothing(search, correlation_id, peer)))
    return _as_json(search) if as_json else _as_text(search, listed=recent is not None)


def _searched(sources: Sources, correlation_id: str | None, peer: str | None, recent: int | None) -> Search:
    if recent is not None:
        if recent < 1:
            raise NotExplained("--recent takes a number of at least 1.", status=2)
        return recent_refusals(sources, recent)
    if peer is not None:
        return by_peer(sources, peer.strip())
    wanted = (correlation_id or "").strip()
    if not is_correlation_id(wanted):
        raise NotExplained(
            f"{wanted[:80]!r} is not a correlation ID: a UUID such as 0b9d4f7c-5c0e-4b5e-9d57-3f1d8a6f0c11.\n"
            f"Take it from the response's {CORRELATION_HEADER} header: if the request's is not a UUID, the "
            "call gets\na new one.",
            status=2,
        )
    return by_correlation_id(sources, wanted)


def _nothing(search: Search, correlation_id: str | None, peer: str | None) -> Iterator[str]:
    about = f"ID {correlation_id}" if correlation_id else f"peer {peer}" if peer else "any refusal"
    yield f"No event about {about} in the events of {', '.join(search.sources)}."
    if search.damaged:
        yield f"{search.damaged} line(s) that may contain it are truncated or damaged."
    read = ", ".join(str(each) for each in search.files) or "no files, since nothing has been recorded yet"
    yield f"Read: {read}"
    if correlation_id:
        yield (
            "Another service or environment may have refused the call. A failed TLS handshake has no "
            "ID:\nsee --recent for the last refusals, and --peer IP:PORT."
        )


def _as_json(search: Search) -> Iterator[str]:
    told = {
        "events": document(search.found),
        "left_out": search.left_out,
        "damaged_lines": search.damaged,
    }
    yield json.dumps(told, indent=2)


def _as_text(search: Search, *, listed: bool) -> Iterator[str]:
    if search.left_out and not listed:
        yield f"{search.left_out} older event(s) are omitted."
        yield ""
    for number, event in enumerate(search.found):
        if listed:
            yield summary(event)
            continue
        if number:
            yield ""
        yield from lines(event)
    if search.damaged and not listed:
        yield ""
        yield f"{search.damaged} more line(s) that may belong to it are truncated or damaged."
