"""Certificates of callers, and authentication of clients by them."""

from sender_constraint.explanations.wordings.wording import Wording

_ENROL = "Enrol for a client certificate at the scheme's certificate authority, and call with that one."
_NO_CLIENT_AUTH = (
    "Use a client certificate of the scheme. Public authorities (as Let's Encrypt) no longer issue "
    "clientAuth; docs/public-certificates.md has the three ways out."
)
_SAME_NAME = (
    "Use the certificate of this client, or have the bank register the name that this certificate has."
)
_SUPPORT = "Give the bank the correlation id: only its operator can say more, and only its operator can help."
_A_SAN = "a certificate whose {kind} is {{expected}}, the client's {member}"


def _san(kind: str, member: str) -> Wording:
    return Wording(_A_SAN.format(kind=kind, member=member), "{presented}", _SAME_NAME)


RULES = {
    "certificate.missing": Wording(
        "a client certificate in the TLS handshake",
        "none",
        "Configure your TLS client with the certificate, its chain and its key; behind a proxy, see that the "
        "proxy does not end TLS.",
    ),
    "certificate.malformed": Wording(
        "a certificate of X.509, DER, at most 16 KiB", "one that cannot be read", _ENROL
    ),
    "certificate.not-yet-valid": Wording("a certificate that is valid already", "one that is not yet", None),
    "certificate.expired": Wording("a certificate that is not over", "one that is", None),
    "certificate.purpose-missing": Wording(
        "a certificate with the extended key usage clientAuth",
        "one without extended key usage",
        _NO_CLIENT_AUTH,
    ),
    "certificate.purpose-wrong": Wording(
        "the extended key usage {expected} (clientAuth is 1.3.6.1.5.5.7.3.2, serverAuth is ...3.1)",
        "{presented}",
        f"A server's certificate does not authenticate a caller. {_NO_CLIENT_AUTH}",
    ),
    "certificate.is-authority": Wording(
        "a certificate of an end entity",
        "one of an authority (basic constraints)",
        _ENROL,
    ),
    "certificate.key-usage": Wording("the key usage digitalSignature", "other key usages", _ENROL),
    "certificate.key": Wording(
        "an RSA key of 2048 to 4096 bits, or an elliptic curve of 224 or more, of the issuers presented too",
        "{presented}",
        "Make a new key (P-256 is usual), and enrol with it.",
    ),
    "certificate.chain": Wording(
        "a chain of certificates to one of the scheme's roots", "issuer {issuer}", _ENROL
    ),
    "certificate.foreign": Wording(
        "a certificate issued by an authority of the scheme: {scheme}",
        "one issued by {issuer}",
        f"{_ENROL} Of a public authority: see docs/public-certificates.md.",
    ),
    "certificate.revoked": Wording(
        "a certificate that is not revoked",
        "serial {serial} of {subject}, revoked at {revoked_at} ({reason})",
        "Stop using this certificate and its key; ask the scheme operator for a new enrolment secret.",
    ),
    "certificate.status-unknown": Wording(
        "a certificate that its issuer knows", "serial {serial} of {subject}, which it does not", _ENROL
    ),
    "certificate.status-stale": Wording(
        "a status of the certificate (OCSP) no older than {promise_seconds} seconds",
        "none; the latest is {age_seconds} seconds old",
        "Try again after the seconds in Retry-After: the bank cannot ask the certificate authority now.",
    ),
    "client.one-method": Wording(
        "one way to authenticate",
        "a certificate or an assertion, and beside it {presented}",
        "Leave out client_secret, the Authorization header, and what else is not the registered method.",
    ),
    "client.method-supported": Wording(
        "a client certificate, or an assertion (private_key_jwt)",
        "{presented}",
        "Authenticate with the client certificate over mutual TLS, or with an assertion: there is no secret.",
    ),
    "client.known": Wording(
        "the client_id of a registered client",
        "{presented}",
        "Check the spelling of client_id (not the certificate's subject), or have the bank register it.",
    ),
    "client.registered-method": Wording(
        "the method that the client is registered for: {expected}",
        "{presented}",
        "Authenticate by the registered method, or have the bank register the client for the other.",
    ),
    "client.subject-dn": Wording("the name {expected}", "the name {presented}", _SAME_NAME),
    "client.san-dns": _san("DNS name", "tls_client_auth_san_dns"),
    "client.san-uri": _san("URI", "tls_client_auth_san_uri"),
    "client.san-ip": _san("IP address", "tls_client_auth_san_ip"),
    "client.san-email": _san("mailbox", "tls_client_auth_san_email"),
}

AREAS = {"certificate": Wording("", "", _ENROL), "client": Wording("", "", _SUPPORT)}
