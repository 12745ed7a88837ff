"""DPoP proofs (RFC 9449), as a server verifies them."""

from sender_constraint.dpop.nonces import Nonces
from sender_constraint.dpop.proof import VerifiedProof, check_proof, presented_proofs, verify_proof

__all__ = [
    "Nonces",
    "VerifiedProof",
    "check_proof",
    "presented_proofs",
    "verify_proof",
]
