"""Events and their explanations as lines for people, and as values for JSON."""

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from sender_constraint.explanations.comparisons import Event
from sender_constraint.explanations.explaining import Explanation, explain
from sender_constraint.explanations.shown import shown

WIDTH = 110
_LABEL = 11

# Fields of an event that JSON shows with its explanation, which has the detail, bounded and in words.
_FIELDS = (
    "time",
    "service",
    "event",
    "outcome",
    "status",
    "error",
    "description",
    "correlation_id",
    "client_id",
    "peer",
    "thumbprint",
    "method",
    "path",
)


def lines(event: Event) -> Iterator[str]:
    """One event: a line with time and place, then the outcome and the reason."""
    words = (event.get(name) for name in ("time", "service", "event", "method", "path"))
    yield "  ".join(shown(each) for each in words if each is not None)
    yield from _labelled("outcome", _outcome(event))
    if event.get("outcome") == "refused":
        yield from _explained(explain(event))
    yield from _labelled("caller", _caller(event))


def reasons(event: Event) -> Iterator[str]:
    """A refusal in the fewest words: expected, presented, and the findings."""
    explanation = explain(event)
    if explanation.expected:
        yield f"expected: {explanation.expected}"
    if explanation.presented:
        yield f"presented: {explanation.presented}"
    yield from explanation.findings


def summary(event: Event) -> str:
    """One event on one line, with the argument that explains it: its correlation ID, or its peer."""
    told = shown(event.get("error") or "")
    status = shown(event["status"]) if event.get("status") is not None else "---"
    asked_by = event.get("correlation_id") or f"--peer {event.get('peer')}"
    words = (event.get("time"), event.get("service"), f"{status} {told}", event.get("rule"), asked_by)
    return "  ".join(shown(each) for each in words)


def document(events: Iterable[Event]) -> list[dict[str, Any]]:
    """Events for JSON: time, place and caller, and the explanation of each refusal."""
    return [_as_json(event) for event in events]


def _as_json(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in _FIELDS:
        value = event.get(name)
        if value is not None:
            told[name] = value if isinstance(value, int) else shown(value)
    if event.get("outcome") == "refused":
        told["explanation"] = asdict(explain(event))
    return told


def _outcome(event: Event) -> str:
    outcome = shown(event.get("outcome", ""))
    status = f" with {shown(event['status'])}" if event.get("status") is not None else ""
    error = f" {shown(event['error'])}" if event.get("error") else ""
    said = f": {shown(event['description'])}" if event.get("description") else ""
    section = f" ({shown(event['section'])})" if outcome == "recorded" and event.get("section") else ""
    return f"{outcome}{status}{error}{said}{section}"


def _explained(explanation: Explanation) -> Iterator[str]:
    yield from _labelled("rule", f"{explanation.rule} ({explanation.section})")
    yield from _labelled("refuses", explanation.refuses)
    yield from _labelled("expected", explanation.expected)
    yield from _labelled("presented", explanation.presented)
    for finding in explanation.findings:
        yield from _labelled("found", finding)
    yield from _labelled("next step", explanation.next_step)


def _caller(event: Event) -> str:
    client = f"client {shown(event['client_id'])}" if event.get("client_id") else "unknown client"
    peer = f"from {shown(event['peer'])}" if event.get("peer") else ""
    thumbprint = event.get("thumbprint")
    certificate = f"certificate {shown(thumbprint)}" if thumbprint else "no certificate"
    return ", ".join(filter(None, (client, peer, certificate)))


def _labelled(label: str, text: str | None) -> Iterator[str]:
    if text:
        first, rest = f"  {label:<{_LABEL}}", " " * (_LABEL + 2)
        yield from textwrap.wrap(
            text,
            WIDTH,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
