"""Clients that authenticate by an assertion, or by a certificate of their own making."""

from sender_constraint.explanations.wordings.wording import Wording

_GOOD_JSON = "a JSON object in base64url, in which no name stands twice"
_AS_MADE = "Send the assertion exactly as the JWT library made it, in the parameter client_assertion."
_CLAIMS = (
    "Have it carry iss and sub (both the client_id), aud (the issuer), exp and a fresh jti (RFC 7523 §3)."
)
_ONE_OF_OURS = "Sign with ES256 (P-256), PS256 (RSA, 2048 bits or more) or EdDSA (Ed25519)."
_NEW = "Make a new assertion for each request, a repeated one too: fresh jti, iat of now, exp in a minute."
_CLOCK = "Set the machine's clock by NTP, and make each assertion just before it is sent."
_KEYS = "Have the bank register the public key (jwks), and name it by kid; a key turns before it is used."
_OWN = "Present the certificate that is registered, or have the bank register this one (x5c in jwks)."

RULES = {
    "assertion.parameters": Wording(
        "client_assertion and client_assertion_type",
        "a request without {missing}",
        "Send both (RFC 7521 §4.2).",
    ),
    "assertion.missing": Wording(
        "client_assertion and client_assertion_type, of a client registered for {expected}",
        "neither an assertion nor a certificate",
        "Sign an assertion with the registered key (RFC 7523 §3), and send it with its type.",
    ),
    "assertion.kind": Wording("client_assertion_type {expected}", "{presented}", "Send a JWT, and say so."),
    "assertion.size": Wording("at most {expected} characters", "{presented} characters", _AS_MADE),
    "assertion.form": Wording("a JWT of {expected} parts in base64url", "{presented} parts", _AS_MADE),
    "assertion.header": Wording(_GOOD_JSON, "a header that is none: {problem}", _AS_MADE),
    "assertion.payload": Wording(_GOOD_JSON, "a payload that is none: {problem}", _AS_MADE),
    "assertion.type": Wording("typ one of {expected}, or none", "typ {presented}", "Leave typ out."),
    "assertion.unsigned": Wording("an assertion that the client signed", "alg {presented}", _ONE_OF_OURS),
    "assertion.algorithm": Wording(
        "an assertion signed with one of {expected}", "alg {presented}", _ONE_OF_OURS
    ),
    "assertion.critical": Wording(
        "an assertion without crit", "crit {presented}", "Leave crit out of the header."
    ),
    "assertion.claim-missing": Wording("iss, sub, aud, exp and jti", "no {missing}", _CLAIMS),
    "assertion.claim-type": Wording(
        "texts of ordinary length, and times as seconds since 1970",
        "another type or value in {malformed}",
        _CLAIMS,
    ),
    "assertion.subject": Wording("iss equal to sub, {expected}", "iss {presented}", _CLAIMS),
    "assertion.client-id": Wording(
        "the assertion's subject, {expected}",
        "client_id {presented}",
        "Leave client_id out, or send the assertion's subject.",
    ),
    "assertion.client-algorithm": Wording(
        "alg {expected}, as registered",
        "alg {presented}",
        "Sign with the algorithm of token_endpoint_auth_signing_alg, or have it changed.",
    ),
    "assertion.key": Wording("one of the client's keys: {expected}", "kid {presented}", _KEYS),
    "assertion.signature": Wording(
        "a signature by one of the client's keys, with thumbprint {expected}",
        "one that does not verify with them",
        _KEYS,
    ),
    "assertion.audience": Wording(
        "aud as one string: {expected}",
        "aud {presented}",
        "Set aud to the issuer of the metadata, as a string. For software that can only send the URL of the "
        "token endpoint, the operator registers the client with assertion_audience_token_endpoint.",
    ),
    "assertion.expired": Wording(
        "an assertion in force at {now}", "one that expired at {expires_at}", _CLOCK
    ),
    "assertion.lifetime": Wording(
        "an assertion that counts for at most {expected} seconds", "one of {presented} seconds", _NEW
    ),
    "assertion.in-future": Wording(
        "iat and nbf at most {leeway_seconds} seconds after {now}", "{begins_at}", _CLOCK
    ),
    "assertion.replayed": Wording("an assertion that was not shown before", "one of {client} that was", _NEW),
    "client.keys-away": Wording(
        "keys at {jwks_uri} no older than {promise_seconds} seconds",
        "none that can be used: {problem}",
        "Serve the public keys there over TLS, as a JWK set; then try again in a second.",
    ),
    "client.self-signed-certificate": Wording(
        "a certificate that the client registered, with thumbprint {expected}", "{presented}", _OWN
    ),
    "client.self-signed-of-scheme": Wording(
        "a certificate of the client's own making",
        "one that names {issuer} as its issuer",
        "Have the bank register the client for tls_client_auth, by the name in this certificate.",
    ),
}

AREAS = {"assertion": Wording("", "", _CLAIMS)}
