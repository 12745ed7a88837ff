"""To what a client's tokens are bound: to its certificate or to its key, and never to both.

RFC 8705 §3.4, https://www.rfc-editor.org/rfc/rfc8705; RFC 9449 §5.2, https://www.rfc-editor.org/rfc/rfc9449;
RFC 7800 §3.1: a token has one confirmation here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authserver.clients.members import flag, metadata_rule
from authserver.clients.registered_client import PRIVATE_KEY_JWT
from sender_constraint.core.errors import InvalidClientMetadata
from sender_constraint.core.rules import enforces

CERTIFICATE_BOUND = "tls_client_certificate_bound_access_tokens"
DPOP_BOUND = "dpop_bound_access_tokens"
NONCE_REQUIRED = "dpop_nonce_required"

ONE_BINDING = metadata_rule(
    "registration.one-binding",
    "RFC 7800 §3.1",
    "The metadata requests certificate-bound and DPoP-bound tokens.",
)
BOUND_TOKENS = metadata_rule(
    "registration.bound-tokens",
    "RFC 8705 §3.4",
    "The metadata requests unbound tokens, which only the demo issues.",
)
NONCE = metadata_rule(
    "registration.dpop-nonce", "RFC 9449 §8", "The metadata requires DPoP nonces without DPoP-bound tokens."
)


@dataclass(frozen=True, slots=True)
class Binding:
    """To what tokens are bound: to a certificate, to a DPoP key, or (neither) to nothing."""

    certificate: bool
    dpop: bool
    nonce_required: bool


@enforces(ONE_BINDING)
def check_one_binding(certificate: bool, dpop: bool) -> None:
    """RFC 7800 §3.1 leaves the number of confirmations to the application: here it is one."""
    if certificate and dpop:
        raise InvalidClientMetadata(
            ONE_BINDING, f"{CERTIFICATE_BOUND} and {DPOP_BOUND} are mutually exclusive"
        )


@enforces(BOUND_TOKENS)
def check_bound_tokens(certificate: bool, dpop: bool, demo: bool) -> None:
    """RFC 8705 §3.4: tokens are bound; only the demo has a client whose tokens are there to be stolen."""
    if not certificate and not dpop and not demo:
        raise InvalidClientMetadata(
            BOUND_TOKENS, f"{CERTIFICATE_BOUND} or {DPOP_BOUND} must be true outside the demo"
        )


@enforces(NONCE)
def check_nonce(nonce_required: bool, dpop: bool) -> None:
    """RFC 9449 §8: a nonce stands in a proof."""
    if nonce_required and not dpop:
        raise InvalidClientMetadata(NONCE, f"{NONCE_REQUIRED} needs {DPOP_BOUND}")


def binding(metadata: Mapping[str, Any], method: str, demo: bool) -> Binding:
    """``tls_client_certificate_bound_access_tokens`` and ``dpop_bound_access_tokens``.

    Both RFCs read absence as false. Where neither is named this server substitutes one (RFC 7591 §3.2.1), and
    says so in its answer: the certificate for a client that authenticates by it, DPoP for one that
    authenticates by a key. A client that wants stealable tokens has to ask for them in words.
    Raises InvalidClientMetadata.
    """
    by_key = method == PRIVATE_KEY_JWT
    silent = by_key and DPOP_BOUND not in metadata
    certificate = flag(
        metadata, CERTIFICATE_BOUND, default=not silent and metadata.get(DPOP_BOUND) is not True
    )
    dpop = flag(metadata, DPOP_BOUND, default=by_key and CERTIFICATE_BOUND not in metadata)
    nonce_required = flag(metadata, NONCE_REQUIRED, default=False)
    check_one_binding(certificate, dpop)
    check_bound_tokens(certificate, dpop, demo)
    check_nonce(nonce_required, dpop)
    return Binding(certificate, dpop, nonce_required)
