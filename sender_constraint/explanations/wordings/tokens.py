"""Access tokens: presentation, header, claims, confirmation, binding."""

from sender_constraint.explanations.wordings.wording import Wording

_AS_RECEIVED = "Send the access token exactly as the authorization server issued it."
_GOOD_JSON = "a JSON object in base64url, in which no name stands twice"
_ANOTHER = "Ask the authorization server for a new token, and send that one."
_ISSUER_WRITES = "Have the issuer of the token correct it; the caller can do nothing about it."

RULES = {
    "presentation.missing": Wording(
        "a header Authorization: Bearer, or DPoP, with an access token",
        "no such header, or one of another scheme",
        "Send the access token in a header: Authorization: Bearer TOKEN.",
    ),
    "presentation.query": Wording(
        "the token in the Authorization header",
        "a parameter access_token in the address",
        "Move the token to the Authorization header, and get a new one: addresses end in logs.",
    ),
    "presentation.body": Wording(
        "the token in the Authorization header",
        "a parameter access_token in the body",
        "Move the token to the Authorization header.",
    ),
    "presentation.malformed": Wording(
        "Bearer or DPoP, a space, and one token of letters, digits and -._~+/=",
        "a header that goes on otherwise",
        "Look for quotation marks, a line break, a second Authorization header, or text behind the token.",
    ),
    "token.size": Wording("at most {expected} characters", "{presented} characters", _AS_RECEIVED),
    "token.introspection-configured": Wording(
        "a signed JWT: introspection is not configured at this API",
        "an opaque token, which only its issuer can read (RFC 7662)",
        "Send the token exactly as it was issued. If it is opaque, have the issuer issue JWTs for this API, "
        "or have the API configure introspection (INTROSPECTION_CLIENT_ID, and a client certificate).",
    ),
    "token.compact-form": Wording(
        "a JWT: {expected} parts of base64url with dots between",
        "{presented} parts, or characters that base64url does not have",
        _AS_RECEIVED,
    ),
    "token.header": Wording(_GOOD_JSON, "a header that is none: {problem}", _AS_RECEIVED),
    "token.payload": Wording(_GOOD_JSON, "a payload that is none: {problem}", _ISSUER_WRITES),
    "token.type": Wording(
        "a token with typ {expected}",
        "typ {presented}",
        "Send the access token, not an ID token or another JWT of the same issuer.",
    ),
    "token.unsigned": Wording("a token that its issuer signed", "alg {presented}", _AS_RECEIVED),
    "token.algorithm": Wording(
        "a token signed with {expected}",
        "alg {presented}",
        "Send a token of this bank's authorization server: it signs with the algorithm that is expected.",
    ),
    "token.critical": Wording("a token without crit", "crit {presented}", _ISSUER_WRITES),
    "token.key-identifier": Wording(
        "a token that names its key in kid, a text", "a kid of the type {presented}", _ISSUER_WRITES
    ),
    "token.unknown-key": Wording(
        "a kid that the authorization server publishes at its jwks_uri",
        "kid {presented}",
        "Ask the authorization server of this environment for a new token: this one is another's, or old.",
    ),
    "token.signature": Wording(
        "a signature by the issuer's key over these very characters",
        "one that does not verify ({problem})",
        "Send the token unchanged: something altered or cut it, or it is of another environment.",
    ),
    "token.claim-missing": Wording(
        "iss, exp, aud, sub, client_id, iat and jti", "a token without {missing}", _ISSUER_WRITES
    ),
    "token.claim-type": Wording(
        "each claim with the type that RFC 7519 and RFC 9068 give it",
        "another type or value in {malformed}",
        _ISSUER_WRITES,
    ),
    "token.issuer": Wording(
        "a token of the issuer {expected}",
        "a token of {presented}",
        "Ask the authorization server of this bank for the token; its metadata names the issuer.",
    ),
    "token.audience": Wording(
        "a token for {expected}",
        "a token for {presented}",
        "Ask for a token with the parameter resource set to this API's identifier, letter by letter.",
    ),
    "token.expired": Wording("a token that is not over", "one that is", _ANOTHER),
    "token.not-yet-valid": Wording("a token that is valid already", "one that is not yet", None),
    "token.issued-in-future": Wording("a token issued in the past", "one issued in the future", None),
    "token.scope": Wording("a token with the scope {expected}", "a token with {presented}", None),
    "confirmation.malformed": Wording(
        "cnf as a JSON object with one method", "cnf of the type {presented}", _ISSUER_WRITES
    ),
    "confirmation.more-than-one": Wording("one confirmation method in cnf", "{presented}", _ISSUER_WRITES),
    "confirmation.unknown": Wording("{expected} in cnf", "{presented}", _ISSUER_WRITES),
    "confirmation.malformed-thumbprint": Wording("{expected}", "another form", _ISSUER_WRITES),
    "binding.unbound": Wording(
        "a token with cnf, bound to a certificate",
        "a bearer token",
        "Register the client with tls_client_certificate_bound_access_tokens, and ask for a token again.",
    ),
    "binding.certificate-missing": Wording(
        "the certificate that the token is bound to, in the TLS handshake of this connection",
        "no certificate",
        "Call over mutual TLS with the certificate and key with which you asked for the token; headers that "
        "carry certificates are ignored, and a proxy that ends TLS takes the certificate away.",
    ),
    "binding.certificate": Wording("the token's certificate", "another certificate", None),
    "binding.dpop-token-as-bearer": Wording(
        "a token that is bound to a DPoP key with the scheme {expected}",
        "the scheme {presented}",
        "Send Authorization: DPoP with the token, and a header DPoP with a proof by the token's key.",
    ),
    "binding.other-token-as-dpop": Wording(
        "a token that is not bound to a DPoP key with the scheme {expected}",
        "the scheme {presented}",
        "Send Authorization: Bearer; or ask for a token with a DPoP proof, if the client is registered so.",
    ),
    "binding.bearer-client": Wording(
        "a token of {expected}, which alone may show unbound ones here",
        "an unbound token of {presented}",
        "Ask for a token that is bound to your certificate, and call the other routes with it.",
    ),
}

AREAS = {
    "token": Wording("", "", _ANOTHER),
    "presentation": Wording("", "", "Send the access token in a header: Authorization: Bearer TOKEN."),
    "confirmation": Wording("", "", _ISSUER_WRITES),
    "binding": Wording("", "", "Call with the certificate with which you asked for the token."),
}
