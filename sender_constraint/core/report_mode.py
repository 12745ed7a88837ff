"""Report mode: what a caller does not prove is told and counted, on the way to where it is refused.

RFC 8705 §3 (https://www.rfc-editor.org/rfc/rfc8705), RFC 9449 §7 (https://www.rfc-editor.org/rfc/rfc9449). It
concerns a missing confirmation, and a missing or wrong proof of one, and nothing else: signature, issuer,
audience, times, what a token is malformed in, and revocation refuse as ever. Where it is on, a stolen token
works: it is the one exception to "bound means bound", and ends with the migration.
"""

from sender_constraint.core.errors import Refusal, TemporarilyUnavailable
from sender_constraint.core.revocation import REVOKED, STALE, UNKNOWN

# The event in the audit trail.
REPORTED = "binding.reported"

_OF_PROOFS = ("binding", "certificate", "dpop", "jwk")
_OF_REVOCATION = frozenset({REVOKED.identifier, UNKNOWN.identifier, STALE.identifier})


def is_of_revocation(refusal: Refusal) -> bool:
    """Whether an authority's word about a certificate, or its silence, is the reason."""
    return refusal.rule.identifier in _OF_REVOCATION


def is_of_proof(refusal: Refusal) -> bool:
    """Whether a missing confirmation, or a missing or wrong proof, is the reason: what report mode lets pass.

    refusal: raised where a sender proves to be the owner of a token, the token itself being good.
    """
    if isinstance(refusal, TemporarilyUnavailable) or is_of_revocation(refusal):
        return False
    return refusal.rule.identifier.partition(".")[0] in _OF_PROOFS
