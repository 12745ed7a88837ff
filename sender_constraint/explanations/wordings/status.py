"""Requests about the status of certificates: OCSP, revocation lists, revocation by the holder."""

from sender_constraint.explanations.wordings.wording import Wording

_REQUEST = "Make the request with a library for OCSP, or with openssl ocsp, and change nothing of it."
_LATER = "Try again in a moment; if it goes on, tell the operator of the certificate authority."

RULES = {
    "crl.published": Wording("a list that was published", "none so far", _LATER),
    "ocsp.media-type": Wording(
        "Content-Type: {expected}", "{presented}", "Send the header Content-Type: application/ocsp-request."
    ),
    "ocsp.size": Wording("1 to {expected} bytes", "{presented} bytes", _REQUEST),
    "ocsp.encoding": Wording(
        "base64 of a request in the path, percent-encoded",
        "something else",
        "Encode the three characters /, + and = of base64 in the path, or send the request by POST.",
    ),
    "ocsp.syntax": Wording("an OCSP request in DER", "something that is none: {reason}", _REQUEST),
    "ocsp.single": Wording(
        "a request about one certificate", "one about several", "Send a request for each certificate."
    ),
    "ocsp.hash": Wording(
        "a certificate identified by SHA-1 or SHA-256", "{presented}", "Make the CertID with one of these."
    ),
    "ocsp.nonce": Wording("1 to {expected} octets of nonce", "{presented}", "Send a nonce of 32 octets."),
    "ocsp.extension": Wording(
        "no critical extension but the nonce", "{presented}", "Leave it out, or do not mark it critical."
    ),
    "ocsp.issuer": Wording(
        "the name and key of an authority of this scheme, hashed",
        "those of another: {presented}",
        "Ask with the certificate's own issuer, at the address that stands in the certificate.",
    ),
    "ocsp.responder": Wording("a valid certificate of the responder", "none", _LATER),
    "revocation.reason": Wording(
        "a reason that a certificate's holder can give",
        "{presented}",
        "Give one of RFC 5280 §5.3.1: keyCompromise, superseded, or cessationOfOperation, say.",
    ),
}

AREAS = {
    "crl": Wording("", "", _LATER),
    "ocsp": Wording("", "", _REQUEST),
    "revocation": Wording("", "", "Correct the request, or have the operator revoke the certificate."),
}
