"""What can go wrong before an API answers.

CallFailed
├── ServerUnreachable   no answer: the connection, the handshake or the time ran out
│   ├── WaitingForStatus   not called: whether the server's certificate still counts cannot be found out now
│   └── WaitingForCertificate   not called: our own certificate has ended, and there is no new one yet
├── ServerRefused       not called: the server's certificate does not verify, or is revoked
├── NoClientKey         not called: there is no key to sign proofs or assertions with
├── MetadataInvalid     the authorization server's metadata is not what RFC 8414 and our settings demand
├── TokenRefused        the token endpoint answered with an error (RFC 6749 §5.2)
└── TokenUnusable       the token endpoint answered with something that is no token for us (RFC 6749 §5.1)

What an API answers, a refusal too, is a response and no exception of this tree.
"""

import httpx

from sender_constraint.certificates.checked_servers import ServerNotTrusted, StatusNotKnown
from sender_constraint.certificates.generation import Generation
from sender_constraint.client.server_verification import verification_refusal
from sender_constraint.core.errors import Refusal


class CallFailed(Exception):
    """The base of this tree."""


class ServerUnreachable(CallFailed):
    """There was no answer, or not in time; the cause is the last attempt's exception."""


class WaitingForStatus(ServerUnreachable):
    """The state ``waiting for certificate status``: the next call asks again.

    refusal: the rule, and since when there is no status.
    """

    def __init__(self, told: str, refusal: Refusal) -> None:
        super().__init__(f"waiting for certificate status: {told}")
        self.refusal = refusal


class WaitingForCertificate(ServerUnreachable):
    """The state ``waiting for a new certificate``: nothing is sent with one that has ended.

    The next call looks again; whoever renews certificates needs no help from us.
    """

    def __init__(self, ended: Generation) -> None:
        at = ended.not_after.isoformat(timespec="seconds")
        super().__init__(f"waiting for a new certificate: ours ended at {at}")


class ServerRefused(CallFailed):
    """The server is not spoken to. refusal: the rule, and whose certificate it is."""

    def __init__(self, told: str, refusal: Refusal) -> None:
        super().__init__(told)
        self.refusal = refusal


class NoClientKey(CallFailed):
    """There is no key to sign with, or it cannot be read."""


class MetadataInvalid(CallFailed):
    """The metadata is missing, malformed, or another issuer's."""


class TokenRefused(CallFailed):
    """The token endpoint refused.

    status: HTTP status. code, description: ``error`` and ``error_description`` (RFC 6749 §5.2).
    correlation_id: by which the authorization server's operator finds its reason. url: the endpoint's.
    """

    def __init__(self, status: int, code: str, description: str, correlation_id: str, url: str = "") -> None:
        told = f"{code}: {description}" if description else code
        where = f"the token endpoint {url}" if url else "the token endpoint"
        super().__init__(f"{where} refused ({status}): {told} [correlation id {correlation_id}]")
        self.status = status
        self.code = code
        self.description = description
        self.correlation_id = correlation_id


class TokenUnusable(CallFailed):
    """A successful answer that is not a token of the type that was asked for, with a lifetime."""


def unanswered(what: str, error: httpx.TransportError) -> CallFailed:
    """What a request without an answer is in this tree. what: for example ``no answer from <url>``."""
    told = f"{what}: {error if str(error) else type(error).__name__}"
    match error:
        case StatusNotKnown():
            return WaitingForStatus(told, error.refusal)
        case ServerNotTrusted():
            return ServerRefused(told, error.refusal)
    refusal = verification_refusal(error)
    return ServerRefused(told, refusal) if refusal else ServerUnreachable(told)
