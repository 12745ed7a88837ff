"""Verification of a DPoP proof.

RFC 9449, OAuth 2.0 Demonstrating Proof of Possession (DPoP), §4.2 and §4.3
(https://www.rfc-editor.org/rfc/rfc9449). The checks stand in the order of §4.3, but for the key: it is looked
at before anything is verified with it. A ``jti`` is remembered after all other checks, so that nobody but
the key's owner can use one up.

Times by the FAPI 2.0 Security Profile, §5.3.2.1: 10 seconds into the future are accepted, 60 are not.
Keys and addresses of keys other than ``jwk`` in the header (``jku``, ``x5c``, ``x5u``, ``kid``) are ignored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sender_constraint.core.errors import InvalidDpopProof
from sender_constraint.core.replay import ReplayMemory
from sender_constraint.dpop import checks
from sender_constraint.dpop.nonces import Nonces
from sender_constraint.jose.jwk import PublicJwk, public_jwk


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """A proof that its sender holds a key, for this very request. Only ``verify_proof`` constructs it.

    thumbprint: of the key (RFC 7638), base64url, unpadded, SHA-256. nonce: that the proof was made with.
    """

    thumbprint: str
    identifier: str
    issued_at: datetime
    algorithm: str
    nonce: str | None


def verify_proof(
    proofs: Sequence[str],
    method: str,
    url: str,
    *,
    now: datetime,
    nonces: Nonces,
    nonce_required: bool,
    replay: ReplayMemory,
    access_token: str | None = None,
    bound_to: str | None = None,
) -> VerifiedProof:
    """Verify the proof of one request (RFC 9449 §4.3).

    proofs: the values of all ``DPoP`` headers, see ``presented_proofs``. method, url: of the request, the
    origin from configuration and never from ``Host``; query and fragment do not matter. now: aware.
    nonces: this server's. nonce_required: whether each proof needs one; otherwise it needs one only where
    ``replay`` cannot know whether the proof was already used.
    access_token: that is presented beside the proof, at a protected resource; bound_to: the thumbprint that
    the token is bound to.

    Raises InvalidDpopProof, UseDpopNonce, InvalidToken where the token is bound to another key, or
    TemporarilyUnavailable where the replay store cannot be used.
    """
    required = nonces if nonce_required else None
    key, claims = check_proof(proofs, method, url, now=now, nonces=required, access_token=access_token)
    if bound_to is not None:
        checks.check_key_of_token(key.thumbprint, bound_to)
    checks.check_not_replayed(key.thumbprint, claims, replay, nonces)
    return VerifiedProof(
        key.thumbprint,
        claims["jti"],
        datetime.fromtimestamp(claims["iat"], UTC),
        key.algorithm,
        claims.get("nonce"),
    )


def check_proof(
    proofs: Sequence[str],
    method: str,
    url: str,
    *,
    now: datetime,
    nonces: Nonces | None,
    access_token: str | None = None,
) -> tuple[PublicJwk, dict[str, Any]]:
    """What can be checked of a proof without its token being known: all but its key, and that it is new.

    nonces: this server's, where each proof needs one; otherwise None. The proof proves nothing until
    ``verify_proof`` accepts it. Returns its own key, and its claims. Raises InvalidDpopProof or UseDpopNonce.
    """
    proof = checks.check_single(proofs)
    checks.check_form(proof)
    header, claims = checks.parse_header(proof), checks.parse_claims(proof)
    checks.check_claims_present(claims)
    checks.check_claim_types(claims)
    checks.check_type(header)
    checks.check_signed(header)
    checks.check_algorithm(header)
    checks.check_critical(header)
    checks.check_key_present(header)
    key = public_jwk(header["jwk"], InvalidDpopProof)
    checks.check_algorithm_of_key(header, key)
    checks.check_signature(proof, key)
    checks.check_method(claims, method)
    checks.check_url(claims, url)
    if nonces is not None:
        checks.check_nonce(claims, nonces, now)
    checks.check_not_in_future(claims, now)
    checks.check_age(claims, now)
    if access_token is not None:
        checks.check_token_hash(claims, access_token)
    return key, claims


def presented_proofs(header: str | None) -> tuple[str, ...]:
    """The proofs in the ``DPoP`` header of a request, as WSGI passes it: several headers joined by commas.

    None for no header. No compact JWT has a comma, so that two of them cannot pass for one.
    """
    return () if header is None else tuple(each.strip(" \t") for each in header.split(","))
