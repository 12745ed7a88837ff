"""From an audit event to an Explanation."""

from collections.abc import Iterator, Mapping

from sender_constraint.explanations import times
from sender_constraint.explanations.chains import compare_chain
from sender_constraint.explanations.choices import compare_addresses, compare_choice, compare_sets
from sender_constraint.explanations.comparisons import Compare, Comparison, Event, detail_of
from sender_constraint.explanations.distinguished_names import compare_names
from sender_constraint.explanations.explanation import Explanation
from sender_constraint.explanations.scopes import compare_asked_scope, compare_token_scope
from sender_constraint.explanations.shown import shown
from sender_constraint.explanations.thumbprints import compare_binding, compare_malformed
from sender_constraint.explanations.wordings import wording_of
from sender_constraint.explanations.wordings.wording import Wording, filled

_BEFORE_ITS_END = "Ask for a new token before expires_in is over, and check the machine's clock."
_NEW_PROOF = "Make each proof just before it is sent, and check the machine's clock."
_RENEW_CERTIFICATE = (
    "Renew the certificate in the last third of its lifetime (EST simplereenroll), and check that the "
    "process took the new one."
)

_COMPARES: Mapping[str, Compare] = {
    "binding.certificate": compare_binding,
    "confirmation.malformed-thumbprint": compare_malformed,
    "certificate.chain": compare_chain,
    "certificate.expired": times.ended("The certificate", "not_after", _RENEW_CERTIFICATE),
    "certificate.not-yet-valid": times.not_begun("The certificate", "not_before"),
    "token.expired": times.ended("The token", "expired_at", _BEFORE_ITS_END),
    "token.not-yet-valid": times.not_begun("The token", "not_before"),
    "token.issued-in-future": times.not_begun("The token", "issued_at", "says that it was issued"),
    "dpop.url": compare_choice,
    "dpop.too-old": times.ended("The proof", "ends_at", _NEW_PROOF),
    "dpop.in-future": times.not_begun("The proof", "made_at", "says that it was made"),
    "renewal.window": times.compare_renewal_window,
    "client.subject-dn": compare_names,
    "csr.subject": compare_names,
    "renewal.subject": compare_names,
    "client.san-dns": compare_choice,
    "client.san-uri": compare_choice,
    "client.san-ip": compare_addresses,
    "client.san-email": compare_choice,
    "renewal.alternative-names": compare_sets,
    "token.issuer": compare_choice,
    "token.audience": compare_choice,
    "resource.allowed": compare_choice,
    "token.scope": compare_token_scope,
    "scope.allowed": compare_asked_scope,
}

# What the words of a rule may quote beside the detail.
_OF_EVENT = ("method", "path")

# What a detail says beside expected and presented, where no comparison of its own reads it.
_TOLD = (
    "difference",
    "reason",
    "problem",
    "missing",
    "malformed",
    "member",
    "members",
    "limit_bytes",
)


def explain(event: Event) -> Explanation:
    """Explain a refusal, by its audit event as it was read from the trail: any mapping will do."""
    rule = str(event.get("rule", ""))
    detail = detail_of(event)
    values = {**{name: event.get(name) for name in _OF_EVENT}, **detail}
    wording = wording_of(rule) or Wording()
    compare = _COMPARES.get(rule)
    compared = (compare(event) if compare else None) or Comparison()
    return Explanation(
        rule=shown(rule),
        section=shown(event.get("section", "")),
        refuses=shown(event.get("refuses") or event.get("description") or ""),
        expected=compared.expected or filled(wording.expected, values) or _of_detail(detail, "expected"),
        presented=compared.presented or filled(wording.presented, values) or _of_detail(detail, "presented"),
        findings=compared.findings or tuple(_remarks(detail, wording)),
        next_step=compared.next_step or wording.next_step,
    )


def _of_detail(detail: Mapping[str, object], name: str) -> str | None:
    return shown(detail[name]) if detail.get(name) is not None else None


def _remarks(detail: Mapping[str, object], wording: Wording) -> Iterator[str]:
    """What the detail says that the words of expected and presented do not."""
    if detail.get("replayed"):
        yield "It is the answer that the first attempt with the same Idempotency-Key got, given again."
    said = wording.expected + wording.presented
    for name in _TOLD:
        if detail.get(name) not in (None, "") and f"{{{name}}}" not in said:
            yield f"{name.replace('_', ' ').capitalize()}: {shown(detail[name])}."
