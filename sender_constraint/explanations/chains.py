"""Chains that lead to no anchor: the element that failed, and how. RFC 5280 §6.1.

https://www.rfc-editor.org/rfc/rfc5280. The diagnosis was made when the chain was refused
(``sender_constraint.core.chain_diagnosis``); here are its words.
"""

from collections.abc import Mapping
from typing import Any

from sender_constraint.core import chain_diagnosis as diagnosis
from sender_constraint.explanations.comparisons import Comparison, Event, detail_of
from sender_constraint.explanations.shown import shown
from sender_constraint.explanations.times import instant, seconds

SEND_CHAIN = "Send the certificates of the issuing authorities behind your own in the TLS handshake."
FROM_SCHEME = "Use a certificate that the scheme's certificate authority issued, or enrol for one."
NEW_CHAIN = "Fetch the authority's current certificates (EST: /cacerts), and send those."
RENEW = "Enrol for a new certificate: this one will not become valid."

_NEXT_STEPS = {
    diagnosis.MISSING_ISSUER: SEND_CHAIN,
    diagnosis.UNKNOWN_ANCHOR: FROM_SCHEME,
    diagnosis.SIGNATURE: NEW_CHAIN,
    diagnosis.EXPIRED: NEW_CHAIN,
    diagnosis.NOT_YET_VALID: NEW_CHAIN,
    diagnosis.NOT_AUTHORITY: FROM_SCHEME,
    diagnosis.KEY_USAGE: FROM_SCHEME,
    diagnosis.PURPOSE: RENEW,
    diagnosis.PATH_LENGTH: FROM_SCHEME,
}


def compare_chain(event: Event) -> Comparison | None:
    """``certificate.chain``: which certificate of the chain failed, counted from the caller's own."""
    detail = detail_of(event)
    path = detail.get("chain")
    if not isinstance(path, list):
        return None
    failed = detail.get("failed")
    presented = " <- ".join(shown(each) for each in path[:10])
    if not isinstance(failed, Mapping):
        found = f"Each element is well by itself; the verifier says: {shown(detail.get('problem'))}."
        return Comparison(presented=presented, findings=(found,))
    fault = str(failed.get("fault"))
    element = f"Element {shown(failed.get('element'))} of the chain, {shown(failed.get('subject'))}"
    return Comparison(
        presented=presented,
        findings=(f"{element}: {_how(fault, failed)}.",),
        next_step=_NEXT_STEPS.get(fault),
    )


def _how(fault: str, values: Mapping[str, Any]) -> str:
    match fault:
        case diagnosis.MISSING_ISSUER:
            return f"its issuer, {shown(values.get('issuer'))}, was not sent, nor is it in the trust bundle"
        case diagnosis.UNKNOWN_ANCHOR:
            return (
                f"it is issued by itself, and is none of the trusted roots ({shown(values.get('trusted'))})"
            )
        case diagnosis.SIGNATURE:
            by_itself = "; it is signed with its own key" if values.get("by_itself") else ""
            return f"its signature is not by the key of its issuer, {shown(values.get('issuer'))}{by_itself}"
        case diagnosis.NOT_AUTHORITY:
            return "it issued the one before it, and is no authority's certificate (basic constraints)"
        case diagnosis.KEY_USAGE:
            return "it issued the one before it, and its key is not for signing certificates (key usage)"
        case diagnosis.PURPOSE:
            allowed, needed = shown(values.get("presented")), shown(values.get("expected"))
            return f"it may issue for the purposes {allowed} only, not for clients ({needed})"
        case diagnosis.PATH_LENGTH:
            return (
                f"its path length allows {shown(values.get('expected'))} authorities below it, "
                f"and there are {shown(values.get('presented'))}"
            )
        case diagnosis.EXPIRED | diagnosis.NOT_YET_VALID:
            return _when(fault, values)
    return shown(fault)


def _when(fault: str, values: Mapping[str, Any]) -> str:
    expired = fault == diagnosis.EXPIRED
    limit, now = instant(values.get("not_after" if expired else "not_before")), instant(values.get("now"))
    if limit is None or now is None:
        return "it has expired" if expired else "it is not yet valid"
    span = seconds(now - limit if expired else limit - now)
    return (
        f"it expired {span} before the request" if expired else f"it becomes valid {span} after the request"
    )
