"""Whether a token's thumbprint was refused because it is written wrongly: said in the audit trail only.

RFC 8705 §3.1 (https://www.rfc-editor.org/rfc/rfc8705). Many a deployment's first refusal is of this kind: the
certificate is the right one, and the issuer wrote its thumbprint in hexadecimal, with padding, or of the PEM.
"""

from collections.abc import Sequence

from sender_constraint.core.confirmation import MALFORMED_THUMBPRINT
from sender_constraint.core.errors import Refusal
from sender_constraint.core.thumbprint_spellings import spelling_of
from sender_constraint.resource_server.binding import OTHER_CERTIFICATE

# Where the private detail of these refusals holds the thumbprint that stood in the token.
_FROM_TOKEN = {MALFORMED_THUMBPRINT.identifier: "presented", OTHER_CERTIFICATE.identifier: "expected"}


def note_spelling(refusal: Refusal, certificates: Sequence[bytes]) -> None:
    """Add ``spelling`` to the detail, if the token's thumbprint is the presented certificate's, but misspelt.

    certificates: DER, as presented on the connection, the sender's own first.
    """
    name = _FROM_TOKEN.get(refusal.rule.identifier)
    thumbprint = refusal.detail.get(name) if name else None
    if isinstance(thumbprint, str) and certificates:
        spelling = spelling_of(thumbprint, certificates[0])
        if spelling is not None:
            refusal.detail["spelling"] = spelling
