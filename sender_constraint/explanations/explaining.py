"""From an audit event to an Explanation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sender_constraint.core.guidance import Comparison, Guidance
from sender_constraint.core.rules import guidance_of
from sender_constraint.explanations import comparisons, times
from sender_constraint.explanations.chains import compare_chain
from sender_constraint.explanations.comparisons import Compare, Compared, Event, detail_of
from sender_constraint.explanations.distinguished_names import compare_names
from sender_constraint.explanations.shown import shown
from sender_constraint.explanations.thumbprints import compare_binding, compare_malformed

_COMPARE: Mapping[Comparison, Compare] = {
    Comparison.TEXT: comparisons.compare_texts,
    Comparison.IP_ADDRESS: comparisons.compare_addresses,
    Comparison.DISTINGUISHED_NAME: compare_names,
    Comparison.SAME_MEMBERS: comparisons.compare_members,
    Comparison.NONE_MISSING: comparisons.compare_required,
    Comparison.NONE_ADDED: comparisons.compare_allowed,
    Comparison.THUMBPRINT: compare_binding,
    Comparison.THUMBPRINT_SYNTAX: compare_malformed,
    Comparison.CERTIFICATE_CHAIN: compare_chain,
    Comparison.EXPIRY: times.compare_expiry,
    Comparison.START: times.compare_start,
    Comparison.RENEWAL_WINDOW: times.compare_renewal_window,
}

# Fields of the event, next to its detail, that guidance may quote.
_QUOTED_FIELDS = ("method", "path")

# Members of a detail that are reported even if the guidance does not quote them.
_REPORTED_MEMBERS = (
    "difference",
    "reason",
    "problem",
    "missing",
    "malformed",
    "member",
    "members",
    "limit_bytes",
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something was refused, for people. Every text is bounded, printable and free of secrets.

    rule, section, refuses: identifier, clause and sentence of the rule.
    expected, presented: in words; None if the event does not say.
    findings: sentences about how they differ.
    next_step: one sentence for the developer of the refused caller; None if only the operator can act.
    """

    rule: str
    section: str
    refuses: str
    expected: str | None
    presented: str | None
    findings: tuple[str, ...]
    next_step: str | None


def explain(event: Event) -> Explanation:
    """Explain a refusal from its audit event, as read from the trail: any mapping will do."""
    detail = detail_of(event)
    guidance = _guidance(event)
    values = {**{name: event.get(name) for name in _QUOTED_FIELDS}, **detail}
    compared = (guidance.compare and _COMPARE[guidance.compare](event)) or Compared()
    return Explanation(
        rule=shown(event.get("rule", "")),
        section=shown(event.get("section", "")),
        refuses=shown(event.get("refuses") or event.get("description") or ""),
        expected=compared.expected or _filled(guidance.expected, values) or _of_detail(detail, "expected"),
        presented=compared.presented
        or _filled(guidance.presented, values)
        or _of_detail(detail, "presented"),
        findings=compared.findings or tuple(_remarks(detail, guidance)),
        next_step=compared.next_step or _filled(guidance.next_step, values),
    )


def _guidance(event: Event) -> Guidance:
    """The guidance in the event. Events of version 0.1 have none: that of the rule, if it is known."""
    carried = event.get("guidance")
    if isinstance(carried, Mapping):
        return Guidance.of_fields(carried)
    return guidance_of(str(event.get("rule")))


def _filled(template: str, values: Mapping[str, Any]) -> str | None:
    """A template with these values, each of them as ``shown``; None if it is empty or a value is missing."""
    texts = {name: shown(value) for name, value in values.items()}
    try:
        return template.format_map(texts) or None
    except (ValueError, KeyError, IndexError, AttributeError):
        return None


def _of_detail(detail: Mapping[str, object], name: str) -> str | None:
    return shown(detail[name]) if detail.get(name) is not None else None


def _remarks(detail: Mapping[str, object], guidance: Guidance) -> Iterator[str]:
    """What the detail says and the guidance does not quote."""
    if detail.get("replayed"):
        yield "This repeats the response to the first request with the same Idempotency-Key."
    quoted = guidance.expected + guidance.presented
    for name in _REPORTED_MEMBERS:
        if detail.get(name) not in (None, "") and f"{{{name}}}" not in quoted:
            yield f"{name.replace('_', ' ').capitalize()}: {shown(detail[name])}."
