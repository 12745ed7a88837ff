"""Whether an authority between a service's own certificate and the root has been revoked.

Its certificates are refused then by whoever checks (RFC 5280 §6.1.3), and its successor's take their place.
https://www.rfc-editor.org/rfc/rfc5280
"""

from itertools import pairwise

from cryptography import x509

from sender_constraint.certificates.generations import Generation
from sender_constraint.core.revocation import State
from sender_constraint.core.untrusted_input import is_issued_by
from sender_constraint.django.conf import library_settings
from sender_constraint.django.status import certificate_status
from sender_constraint.django.trust import NoTrustAnchors, trust_anchors


def revoked_issuer(generation: Generation) -> x509.Certificate | None:
    """The authority in a generation's chain that is revoked; None if none is, as far as can be asked."""
    if not library_settings().ocsp_url:
        return None
    for authority, above in pairwise(_up_to_anchor(generation)):
        status = certificate_status().status_of(authority, above)
        if status is not None and status.state is State.REVOKED:
            return authority
    return None


def _up_to_anchor(generation: Generation) -> list[x509.Certificate]:
    """The issuers of the chain, then the anchor above them, if it is known."""
    issuers = list(generation.chain[1:])
    try:
        anchors = trust_anchors().anchors
    except NoTrustAnchors:
        return issuers
    return issuers + [each for each in anchors if issuers and is_issued_by(issuers[-1], each)][:1]
