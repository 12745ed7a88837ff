"""To what a token is bound: what the client registered decides, whatever else the request shows.

RFC 8705 §3 and §3.4, https://www.rfc-editor.org/rfc/rfc8705; RFC 9449 §5 and §5.2,
https://www.rfc-editor.org/rfc/rfc9449. A proof beside a token that is bound to a certificate is not
looked at, nor is a certificate that authenticates nobody beside a token that is bound to a key.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from authserver.client_authentication.authenticated import AuthenticatedClient
from authserver.clients.registered_client import RegisteredClient
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
class Shown:
    """What a request shows, to which a token could be bound.

    certificates: DER, the leaf first, as presented in the handshake. proofs: the ``DPoP`` headers.
    """

    certificates: Sequence[bytes]
    proofs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is shown is held against this.

    url: of the token endpoint, from configuration. nonces: this server's. nonce_required: whether each proof
    of a client needs one. accept_foreign: which certificates may bind that no authority of the
    scheme issued. now: aware.
    """

    url: str
    nonces: Nonces
    nonce_required: Callable[[RegisteredClient], bool]
    replay: ReplayMemory
    anchors: TrustAnchors
    status: StatusSource
    accept_foreign: AcceptForeign
    now: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """To what the token is bound, and by what that was proven.

    confirmation: None for a token that is bound to nothing. certificate: verified for its role; None where
    there is none. nonce: of the proof.
    """

    confirmation: Confirmation | None
    certificate: VerifiedCertificate | None
    nonce: str | None = None


def confirmed(authenticated: AuthenticatedClient, shown: Shown, known: Surroundings) -> Confirmed:
    """To what this client's token is bound.

    Raises InvalidDpopProof, UseDpopNonce, InvalidRequest for a certificate that is missing or not good, and
    TemporarilyUnavailable where a certificate's status or the replay memory cannot be had.
    """
    client = authenticated.client
    if client.dpop_bound_access_tokens:
        proof = verify_proof(
            shown.proofs,
            METHOD,
            known.url,
            now=known.now,
            nonces=known.nonces,
            nonce_required=known.nonce_required(client),
            replay=known.replay,
        )
        return Confirmed(Confirmation(JKT, proof.thumbprint), authenticated.certificate, proof.nonce)
    if client.tls_client_certificate_bound_access_tokens:
        certificate = authenticated.certificate or verify_binding_certificate(
            shown.certificates,
            known.anchors,
            known.status,
            known.now,
            InvalidRequest,
            accept_foreign=known.accept_foreign,
        )
        return Confirmed(Confirmation(X5T_S256, certificate.thumbprint), certificate)
    return Confirmed(None, authenticated.certificate)


def check_nonce_first(proofs: Sequence[str], nonces: Nonces, now: datetime) -> None:
    """RFC 9449 §8: ask for the nonce before an assertion is used up, so that it may be sent again with one.

    The rest of the proof is not looked at. Raises InvalidDpopProof or UseDpopNonce.
    """
    proof = checks.check_single(proofs)
    checks.check_form(proof)
    checks.check_nonce(checks.parse_claims(proof), nonces, now)
