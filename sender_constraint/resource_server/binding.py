"""The binding of an access token to its sender: to a certificate, or to a DPoP key.

RFC 8705, OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens, §3
(https://www.rfc-editor.org/rfc/rfc8705). The certificate is checked before the thumbprints are compared:
one that is forged in an authority's name, or revoked, is refused for that.

RFC 9449, OAuth 2.0 Demonstrating Proof of Possession (DPoP), §7.1 and §7.2
(https://www.rfc-editor.org/rfc/rfc9449). The token says which proof it needs, and the scheme must agree: a
certificate on the connection of a call with DPoP changes nothing, nor does a proof beside a bearer token.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sender_constraint.core.certificate_checks import VerifiedCertificate
from sender_constraint.core.confirmation import JKT, Confirmation
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.guidance import Comparison
from sender_constraint.core.revocation import StatusSource
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.thumbprints import same_thumbprint
from sender_constraint.core.trust_anchors import TrustAnchors
from sender_constraint.dpop.proof import VerifiedProof
from sender_constraint.resource_server.access_token import VerifiedToken
from sender_constraint.resource_server.binding_certificate import AcceptForeign, verify_binding_certificate
from sender_constraint.resource_server.presentation import Scheme

UNBOUND = rule("binding.unbound", "RFC 8705 §3", "The token is an unbound bearer token.").explained(
    "a token with cnf, bound to a certificate",
    "a bearer token",
    "Register the client with tls_client_certificate_bound_access_tokens, and request a new token.",
)
CERTIFICATE_MISSING = rule(
    "binding.certificate-missing",
    "RFC 8705 §3",
    "No client certificate presented; this token is certificate-bound.",
).explained(
    "the certificate that the token is bound to, in the TLS handshake of this connection",
    "no certificate",
    "Call over mutual TLS with the certificate and key that were used to request the token. Certificates "
    "in headers are ignored, and a proxy that terminates TLS removes the certificate.",
)
OTHER_CERTIFICATE = rule(
    "binding.certificate", "RFC 8705 §3", "The client certificate is not the one that the token is bound to."
).explained(
    "the certificate that the token is bound to",
    "another certificate",
    "Call with the certificate that was used to request the token, or request a token with this one: "
    "after a renewal, the new certificate needs a new token.",
    compare=Comparison.THUMBPRINT,
)
DPOP_AS_BEARER = rule(
    "binding.dpop-token-as-bearer", "RFC 9449 §7.2", "A DPoP-bound token was sent as a bearer token."
).explained(
    "a DPoP-bound token with the scheme {expected}",
    "the scheme {presented}",
    "Send Authorization: DPoP with the token, and a DPoP header with a proof by the token's key.",
)
NOT_DPOP_BOUND = rule(
    "binding.other-token-as-dpop", "RFC 9449 §7.1", "The token sent with the DPoP scheme is not DPoP-bound."
).explained(
    "a token that is not DPoP-bound with the scheme {expected}",
    "the scheme {presented}",
    "Send Authorization: Bearer; or request a token with a DPoP proof, if the client is registered for DPoP.",
)


@dataclass(frozen=True, slots=True)
class BoundToken:
    """A verified token whose sender proved to be its owner, in this request.

    proof: what it was proven by; either has the ``thumbprint`` that the token is bound to. Only
    ``check_binding`` and ``bound_by_proof`` construct it; it is what a view receives.
    """

    token: VerifiedToken
    proof: VerifiedCertificate | VerifiedProof


def check_scheme(confirmation: Confirmation | None, scheme: Scheme) -> None:
    """Check that a token was presented in the scheme that its confirmation needs. Raises InvalidToken."""
    check_not_downgraded(confirmation, scheme)
    check_dpop_bound(confirmation, scheme)


def is_dpop_bound(confirmation: Confirmation | None) -> bool:
    """Whether a token is bound to a DPoP key (RFC 9449 §6.1)."""
    return confirmation is not None and confirmation.method == JKT


def bound_by_proof(token: VerifiedToken, proof: VerifiedProof) -> BoundToken:
    """The token as its sender's, by a proof that was verified for it and its key. Raises InvalidToken."""
    check_bound(token.confirmation)
    return BoundToken(token, proof)


def check_binding(
    token: VerifiedToken,
    certificates: Sequence[bytes],
    anchors: TrustAnchors,
    status: StatusSource,
    now: datetime,
    *,
    accept_foreign: AcceptForeign,
) -> BoundToken:
    """Check that the connection's certificate is the one that the token is bound to (RFC 8705 §3).

    certificates: DER, as presented on the connection, the sender's own first; empty if there was none.
    status: what issuers say of their certificates now. now: aware.
    accept_foreign: which certificates of issuers outside the scheme may bind.
    Raises InvalidToken, or TemporarilyUnavailable where the status of a certificate cannot be had.
    """
    check_bound(token.confirmation)
    check_certificate_presented(certificates)
    certificate = verify_binding_certificate(
        certificates, anchors, status, now, InvalidToken, accept_foreign=accept_foreign
    )
    check_thumbprint(token.confirmation, certificate.thumbprint)
    return BoundToken(token, certificate)


@enforces(UNBOUND)
def check_bound(confirmation: Confirmation | None) -> None:
    """Bound means bound: what RFC 8705 §3 allows, a token without ``cnf``, is refused."""
    if confirmation is None:
        raise InvalidToken(UNBOUND, "The access token is not bound to a certificate")


@enforces(DPOP_AS_BEARER)
def check_not_downgraded(confirmation: Confirmation | None, scheme: Scheme) -> None:
    """RFC 9449 §7.2: a DPoP-bound token that comes as a bearer token is rejected."""
    if is_dpop_bound(confirmation) and scheme is not Scheme.DPOP:
        raise InvalidToken(
            DPOP_AS_BEARER,
            "The access token is bound to a DPoP key",
            expected=Scheme.DPOP.value,
            presented=scheme.value,
        )


@enforces(NOT_DPOP_BOUND)
def check_dpop_bound(confirmation: Confirmation | None, scheme: Scheme) -> None:
    """RFC 9449 §7.1: with DPoP comes a token that is bound to the proof's key; no other has its proof so."""
    if scheme is Scheme.DPOP and not is_dpop_bound(confirmation):
        raise InvalidToken(
            NOT_DPOP_BOUND,
            "The access token is not bound to a DPoP key",
            expected=Scheme.BEARER.value,
            presented=scheme.value,
        )


@enforces(CERTIFICATE_MISSING)
def check_certificate_presented(certificates: Sequence[bytes]) -> None:
    """RFC 8705 §3: the protected resource obtains the certificate from the TLS layer, or refuses."""
    if not certificates:
        raise InvalidToken(
            CERTIFICATE_MISSING, "No client certificate presented; this token is certificate-bound"
        )


@enforces(OTHER_CERTIFICATE)
def check_thumbprint(confirmation: Confirmation | None, presented: str) -> None:
    """RFC 8705 §3: if it does not match the certificate, the attempt is rejected with invalid_token."""
    expected = confirmation.thumbprint if confirmation else ""
    if not same_thumbprint(expected, presented):
        raise InvalidToken(
            OTHER_CERTIFICATE,
            "The access token is bound to another certificate",
            expected=expected,
            presented=presented,
        )
