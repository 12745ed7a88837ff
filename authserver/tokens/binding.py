"""Which key or certificate a token is bound to: the client's registration decides, not what it presents.

RFC 8705 §3 and §3.4, https://www.rfc-editor.org/rfc/rfc8705; RFC 9449 §5 and §5.2,
https://www.rfc-editor.org/rfc/rfc9449. A DPoP proof is ignored if the token is bound to a certificate; a
certificate that did not authenticate the client is ignored if the token is bound to a DPoP key.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from authserver.client_authentication.authenticated import AuthenticatedClient
from sender_constraint.core.certificate_checks import TrustAnchors, VerifiedCertificate
from sender_constraint.core.confirmation import JKT, X5T_S256, Confirmation
from sender_constraint.core.errors import InvalidRequest
from sender_constraint.core.replay import ReplayMemory
from sender_constraint.core.revocation import StatusSource
from sender_constraint.dpop import checks
from sender_constraint.dpop.nonces import Nonces
from sender_constraint.dpop.proof import verify_proof
from sender_constraint.resource_server.binding_certificate import AcceptForeign, verify_binding_certificate

METHOD = "POST"


@dataclass(frozen=True, slots=True)
class PresentedCredentials:
    """What a request presents that a token can be bound to.

    certificates: DER, the leaf first, as presented in the handshake. proofs: the ``DPoP`` headers.
    """

    certificates: Sequence[bytes]
    proofs: Sequence[str]


@dataclass(frozen=True, slots=True)
class BindingContext:
    """What presented credentials are verified against.

    url: of the token endpoint, from the settings. nonce_required: whether this client's proofs need a nonce.
    accept_foreign: which certificates of issuers outside the scheme may bind a token. now: aware.
    """

    url: str
    nonces: Nonces
    nonce_required: bool
    replay: ReplayMemory
    anchors: TrustAnchors
    status: StatusSource
    accept_foreign: AcceptForeign
    now: datetime


@dataclass(frozen=True, slots=True)
class TokenBinding:
    """What a token is bound to.

    confirmation: None for an unbound token. certificate: the verified one that authenticated the client or
    binds the token, if any. nonce: the nonce in the proof, if any.
    """

    confirmation: Confirmation | None
    certificate: VerifiedCertificate | None
    nonce: str | None = None


def bind_token(
    authenticated: AuthenticatedClient, presented: PresentedCredentials, context: BindingContext
) -> TokenBinding:
    """Verify the credential that this client's token is to be bound to. A DPoP proof is recorded as used.

    Raises InvalidDpopProof, UseDpopNonce, InvalidRequest for a missing or invalid certificate, and
    TemporarilyUnavailable if a certificate's status or the replay memory is unavailable.
    """
    client = authenticated.client
    if client.dpop_bound_access_tokens:
        proof = verify_proof(
            presented.proofs,
            METHOD,
            context.url,
            now=context.now,
            nonces=context.nonces,
            nonce_required=context.nonce_required,
            replay=context.replay,
        )
        return TokenBinding(Confirmation(JKT, proof.thumbprint), authenticated.certificate, proof.nonce)
    if client.tls_client_certificate_bound_access_tokens:
        certificate = authenticated.certificate or verify_binding_certificate(
            presented.certificates,
            context.anchors,
            context.status,
            context.now,
            InvalidRequest,
            accept_foreign=context.accept_foreign,
        )
        return TokenBinding(Confirmation(X5T_S256, certificate.thumbprint), certificate)
    return TokenBinding(None, authenticated.certificate)


def check_nonce_alone(proofs: Sequence[str], nonces: Nonces, now: datetime) -> None:
    """RFC 9449 §8: check only the nonce of a proof. Raises InvalidDpopProof or UseDpopNonce."""
    proof = checks.check_single(proofs)
    checks.check_form(proof)
    checks.check_nonce(checks.parse_claims(proof), nonces, now)
