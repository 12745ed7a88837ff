"""DPoP proofs, and the keys in them and in registrations."""

from sender_constraint.explanations.wordings.wording import Wording

_GOOD_JSON = "a JSON object in base64url, in which no name stands twice"
_NEW_PROOF = "Make a new proof for each request, a repeated one too: fresh jti, iat of now."
_AS_MADE = "Send the proof exactly as the DPoP library made it, in one header DPoP."
_CLAIMS = "Have the proof carry jti, htm, htu and iat, and ath at an API (RFC 9449 §4.2)."
_ONE_OF_OURS = "Sign with ES256 (P-256), PS256 (RSA, 2048 bits or more) or EdDSA (Ed25519)."
_PUBLIC = "Send the public key alone; and make a new one, since this one was given away."
_CLOCK = "Set the machine's clock by NTP, and make each proof just before it is sent."

RULES = {
    "dpop.accepted": Wording(
        "a certificate-bound token: REDIS_URL of this API is none, so that it remembers no proofs",
        "a DPoP-bound token",
        "Ask for a certificate-bound token, or have the API's operator set REDIS_URL to a Redis server.",
    ),
    "dpop.missing": Wording(
        "a header DPoP with a proof", "no such header", "Send a proof with each request (RFC 9449 §4.1)."
    ),
    "dpop.more-than-one": Wording("one DPoP proof", "{presented} of them", _AS_MADE),
    "dpop.form": Wording("a signed JWT: {expected}", "{presented}", _AS_MADE),
    "dpop.header": Wording(_GOOD_JSON, "a header that is none: {problem}", _AS_MADE),
    "dpop.payload": Wording(_GOOD_JSON, "a payload that is none: {problem}", _AS_MADE),
    "dpop.claim-missing": Wording("jti, htm, htu and iat", "a proof without {missing}", _CLAIMS),
    "dpop.claim-type": Wording(
        "texts of ordinary length, and iat as seconds since 1970",
        "another type or value in {malformed}",
        _CLAIMS,
    ),
    "dpop.type": Wording("a proof with typ {expected}", "typ {presented}", "Set typ to dpop+jwt."),
    "dpop.unsigned": Wording("a proof that its key signed", "alg {presented}", _ONE_OF_OURS),
    "dpop.algorithm": Wording("a proof signed with one of {expected}", "alg {presented}", _ONE_OF_OURS),
    "dpop.critical": Wording("a proof without crit", "crit {presented}", "Leave crit out of the header."),
    "dpop.key-missing": Wording(
        "the public key in the header's jwk",
        "a header with {presented} only",
        "Put the public key itself into the header: kid and x5c do not stand for it.",
    ),
    "dpop.algorithm-of-key": Wording("alg {expected}, as the key has it", "alg {presented}", _ONE_OF_OURS),
    "dpop.signature": Wording(
        "a signature by the key in the header",
        "one that does not verify with the key {key}",
        "Sign with the private half of the key in jwk; for ES256 the signature is r and s, 64 bytes.",
    ),
    "dpop.method": Wording("htm {expected}", "htm {presented}", _NEW_PROOF),
    "dpop.url": Wording(
        "htu {expected}, the public address of this service",
        "htu {presented}",
        "Set htu to the very address that is called, host and port as the service publishes them, no query.",
    ),
    "dpop.nonce": Wording(
        "a nonce that this server gave lately",
        "nonce {presented}",
        "Take the header DPoP-Nonce of the refusal, and repeat the request with a new proof that carries it.",
    ),
    "dpop.in-future": Wording("a proof made by now", "one from the future", _CLOCK),
    "dpop.too-old": Wording("a proof made within the last minute", "an older one", _CLOCK),
    "dpop.token-hash": Wording(
        "ath {expected}, the hash of the token beside it",
        "ath {presented}",
        "Set ath to base64url, unpadded, of SHA-256 over the access token as it is sent.",
    ),
    "dpop.other-key": Wording(
        "a proof by the key {expected}, to which the token is bound",
        "one by the key {presented}",
        "Sign proofs with the key with which the token was asked for; a new key needs a new token.",
    ),
    "dpop.use-unknown": Wording(
        "a proof that was provably made after the replay store lost its content",
        "one made at {made_at} with nonce {presented}",
        "Take the header DPoP-Nonce of the refusal, and repeat the request with a new proof that carries it: "
        "clients must be ready for that at any time (RFC 9449 §8).",
    ),
    "dpop.replayed": Wording("a proof that was not shown before", "one that was", _NEW_PROOF),
    "jwk.malformed": Wording("a JSON object with kty and texts beside it", "something else", _ONE_OF_OURS),
    "jwk.numbers": Wording(
        "numbers of the key in canonical base64url", "others: {problem}", "Have the library write the JWK."
    ),
    "jwk.symmetric": Wording("a public key", "a shared secret", _ONE_OF_OURS),
    "jwk.private": Wording("a public key alone", "a key with the private members {presented}", _PUBLIC),
    "jwk.kind": Wording("one of {expected}", "{presented}", _ONE_OF_OURS),
    "jwk.weak": Wording("{expected}", "{presented}", _ONE_OF_OURS),
    "jwk.purpose": Wording("a key for signatures", "{presented}", "Leave use and key_ops out, or use sig."),
    "jwk.algorithm": Wording("alg {expected}", "alg {presented}", _ONE_OF_OURS),
}

AREAS = {
    "dpop": Wording("", "", _NEW_PROOF),
    "jwk": Wording("", "", _ONE_OF_OURS),
}
