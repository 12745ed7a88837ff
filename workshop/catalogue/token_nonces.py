"""Requests for a token by a client whose proofs need a nonce.

RFC 9449 §8 (https://www.rfc-editor.org/rfc/rfc9449). A proof that was signed in advance, while
somebody could use the client's key, has no nonce of today.
"""

from cryptography.hazmat.primitives.asymmetric import ec

from workshop.calls import Call
from workshop.catalogue.attack import Attack, Change, Expected, Family
from workshop.loot import Cast, Loot
from workshop.proofs import ABSENT, Proofs

FORM = ("Content-Type", "application/x-www-form-urlencoded")
CLIENT = "nonce-client"


def nonce_call(cast: Cast) -> Call:
    """The client's own request, with a nonce that the server gave it a moment ago."""
    proof = proof_for(cast.loot.token_endpoint, nonce=cast.given_nonce())
    call = Call("POST", f"{cast.targets.issuer}/token", None, cast.partner.credentials)
    return call.with_form(grant_type="client_credentials", client_id=CLIENT).but(
        headers=(FORM, ("DPoP", proof))
    )


def proof_for(url: str, *, nonce: object = ABSENT) -> str:
    """A proof for a token request, by a new key."""
    proofs = Proofs(ec.generate_private_key(ec.SECP256R1()), "", url)
    return proofs.proof(htm="POST", ath=ABSENT, nonce=nonce)


def with_nonce(nonce: object) -> Change:
    """The same request, with a proof that has this nonce."""

    def change(call: Call, loot: Loot) -> Call:
        return call.with_header("DPoP", proof_for(loot.token_endpoint, nonce=nonce))

    return change


NONCES = Family("token-nonce", "A token for a client whose proofs need a nonce", nonce_call)
REFUSED = Expected(400, "use_dpop_nonce", "dpop.nonce")

ATTACKS: tuple[Attack, ...] = (
    Attack(NONCES, "token-nonce-none", "a proof that was signed in advance", with_nonce(ABSENT), REFUSED),
    Attack(NONCES, "token-nonce-made-up", "a nonce that nobody gave", with_nonce("made up"), REFUSED),
    Attack(
        NONCES,
        "token-nonce-look-alike",
        "a nonce of the length that this server's have",
        with_nonce("A" * 43),
        REFUSED,
    ),
)
