"""What is refused before an application sees it, and what is away."""

from sender_constraint.explanations.wordings.wording import Wording

_LATER = "Try again after the seconds in Retry-After; if it goes on, give the operator the correlation id."
_PLAIN = "Send the body as it is, without compression."
_CLIENT = (
    "Look at your HTTP client, or at what stands between it and the server: the request is no longer intact."
)
_SERVER = "Send nothing: check address and trust bundle, and if they are right, ask the server's operator."

RULES = {
    "tls.possession": Wording(
        "a handshake signed with the private key of the certificate presented",
        "a signature by another key ({reason}, {tls})",
        "Configure the private key that belongs to the certificate: both are replaced together.",
    ),
    "tls.chain-length": Wording(
        "a chain of at most {expected}",
        "{presented}",
        "Send your certificate and its issuers only, not a whole trust store.",
    ),
    "tls.handshake": Wording(
        "a complete handshake of TLS 1.2 or 1.3",
        "one that ended: {reason} ({tls})",
        "Check that the client trusts the server's authority, speaks TLS 1.2 or 1.3, and waits long enough.",
    ),
    "tls.records": Wording(
        "at most {expected} TLS records without application data in one request",
        "{presented}",
        "Look at your TLS library: it sends KeyUpdates, alerts or empty records without data in between.",
    ),
    "tls.generation": Wording("a certificate that this server can use", "one that it cannot: {reason}", None),
    "server.validity": Wording("a server's certificate that is valid now", "{reason}", _SERVER),
    "server.purpose": Wording("a certificate for servers (serverAuth)", "{reason}", _SERVER),
    "server.name": Wording("a certificate for the host that was called", "{reason}", _SERVER),
    "server.chain": Wording("a chain to a root of the trust bundle", "{reason}", _SERVER),
    "http.syntax": Wording("a request that HTTP/1.1 allows", "one that is not: {reason}", _CLIENT),
    "http.host": Wording("one Host header", "none", _CLIENT),
    "http.target": Wording("a target of the scheme of this connection", "one of another scheme", _CLIENT),
    "http.transfer-coding": Wording("chunked, or no transfer coding", "{presented}", _PLAIN),
    "http.content-coding": Wording("a body without content coding", "{presented}", _PLAIN),
    "http.body-size": Wording("at most {expected} bytes", "{presented} bytes", "Send less."),
    "http.pace": Wording(
        "a request that arrives, and an answer that is taken, in time",
        "one that took too long: the {waited_for}",
        "Look at the network, and at what the client does while it sends.",
    ),
    "service.issuer-keys": Wording(
        "keys of the authorization server to verify the token with", "none: {reason}", _LATER
    ),
    "service.trust-anchors": Wording(
        "the scheme's authorities", "a trust bundle that cannot be read", _LATER
    ),
    "service.signing-key": Wording("a key to sign tokens with", "none", _LATER),
    "service.replay-memory": Wording("a replay store that can be relied on", "{reason}", _LATER),
    "service.database": Wording("the service's database", "one that is locked or away", _LATER),
    "service.audit-trail": Wording(
        "an audit trail that takes the event of each decision", "one that cannot be written: {reason}", _LATER
    ),
    "service.authority": Wording("the authority's keys and certificates", "none that can be used", _LATER),
}

AREAS = {
    "tls": Wording("", "", "Check the client's TLS configuration."),
    "server": Wording("", "", _SERVER),
    "http": Wording("", "", _CLIENT),
    "service": Wording("", "", _LATER),
}
