"""Certificate chains that do not lead to a trust anchor: which certificate failed, and why.

RFC 5280 §6.1 (https://www.rfc-editor.org/rfc/rfc5280). ``sender_constraint.core.chain_diagnosis`` finds the
reason when a chain is refused; here it is put into words.
"""

from collections.abc import Mapping
from typing import Any

from sender_constraint.core import chain_diagnosis as diagnosis
from sender_constraint.explanations.comparisons import Compared, Event, detail_of
from sender_constraint.explanations.shown import shown
from sender_constraint.explanations.times import instant, seconds

SEND_CHAIN = "Send the intermediate CA certificates after your own in the TLS handshake."
FROM_SCHEME = "Use a certificate issued by the scheme's certificate authority, or enrol for one."
NEW_CHAIN = "Fetch the certificate authority's current certificates (EST: /cacerts), and send those."
RENEW = "Enrol for a new certificate; this one cannot become valid."

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


def compare_chain(event: Event) -> Compared | None:
    """Which certificate of the chain failed, counted from the caller's own."""
    detail = detail_of(event)
    path = detail.get("chain")
    if not isinstance(path, list):
        return None
    failed = detail.get("failed")
    presented = " <- ".join(shown(each) for each in path[:10])
    if not isinstance(failed, Mapping):
        found = f"Each certificate is valid by itself; the verifier reports: {shown(detail.get('problem'))}."
        return Compared(presented=presented, findings=(found,))
    fault = str(failed.get("fault"))
    element = f"Certificate {shown(failed.get('element'))} of the chain, {shown(failed.get('subject'))}"
    return Compared(
        presented=presented,
        findings=(f"{element}: {_how(fault, failed)}.",),
        next_step=_NEXT_STEPS.get(fault),
    )


def _how(fault: str, values: Mapping[str, Any]) -> str:
    match fault:
        case diagnosis.MISSING_ISSUER:
            return (
                f"its issuer, {shown(values.get('issuer'))}, was neither sent nor found in the trust bundle"
            )
        case diagnosis.UNKNOWN_ANCHOR:
            return f"it is self-signed, and not one of the trusted roots ({shown(values.get('trusted'))})"
        case diagnosis.SIGNATURE:
            by_itself = "; it is self-signed" if values.get("by_itself") else ""
            issuer = shown(values.get("issuer"))
            return f"the key of its issuer, {issuer}, does not verify its signature{by_itself}"
        case diagnosis.NOT_AUTHORITY:
            return "it issued the previous one, and is not a CA certificate (basic constraints)"
        case diagnosis.KEY_USAGE:
            return "it issued the previous one, and its key must not sign certificates (key usage)"
        case diagnosis.PURPOSE:
            allowed, needed = shown(values.get("presented")), shown(values.get("expected"))
            return f"it can issue certificates for {allowed} only, not for clients ({needed})"
        case diagnosis.PATH_LENGTH:
            return (
                f"its path length allows {shown(values.get('expected'))} CAs below it, "
                f"and the chain has {shown(values.get('presented'))}"
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
