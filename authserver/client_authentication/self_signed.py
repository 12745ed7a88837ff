"""OAuth 2.0 Mutual-TLS Client Authentication: ``self_signed_tls_client_auth``.

RFC 8705 §2.2, https://www.rfc-editor.org/rfc/rfc8705. The certificate is one of those that the client
registered, octet by octet, and in force. No chain is looked at: nobody vouches for it. For the same reason a
certificate that an authority of the scheme issued is none of this kind: whether the authority still stands by
it would never be asked.

Whoever shows none of a client's certificates is answered as a stranger would be: nobody learns who is
registered.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from cryptography import x509

from authserver.client_authentication.authenticated import FAILED
from authserver.client_authentication.certificate_names import verify_scheme_certificate
from sender_constraint.core import certificate_checks as checks
from sender_constraint.core.certificate_checks import TrustAnchors, VerifiedCertificate
from sender_constraint.core.errors import InvalidClient
from sender_constraint.core.names import distinguished_name
from sender_constraint.core.revocation import StatusSource
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.thumbprints import certificate_thumbprint

REGISTERED = rule(
    "client.self-signed-certificate", "RFC 8705 §2.2", "The client has not registered this certificate."
).explained(
    "a certificate that the client registered, with thumbprint {expected}",
    "{presented}",
    "Present the registered certificate, or have the bank register this one (x5c in jwks).",
)
OF_THE_SCHEME = rule(
    "client.self-signed-of-scheme",
    "RFC 8705 §2.2",
    "The registered certificate was issued by the scheme's CA.",
).explained(
    "a self-signed certificate",
    "a certificate issued by {issuer}",
    "Have the bank register the client for tls_client_auth, with the name in this certificate.",
)


def verify_registered_certificate(
    certificates: Sequence[bytes],
    registered: Collection[bytes],
    anchors: TrustAnchors,
    status: StatusSource,
    now: datetime,
) -> VerifiedCertificate:
    """The certificate of the connection, verified as one of the client's own.

    certificates: DER, as presented, the leaf first; what follows it is not looked at. registered: DER.
    Raises InvalidClient, and TemporarilyUnavailable where a stranger would be answered so.
    """
    checks.check_presented(certificates, InvalidClient)
    check_registered(certificates, registered, anchors, status, now)
    certificate = checks.load_certificate(certificates[0], InvalidClient)
    check_not_of_the_scheme(certificate, anchors)
    checks.check_validity(certificate, now, InvalidClient)
    checks.check_key(certificate, InvalidClient)
    return VerifiedCertificate(certificate, certificate_thumbprint(certificates[0]), ())


@enforces(REGISTERED)
def check_registered(
    certificates: Sequence[bytes],
    registered: Collection[bytes],
    anchors: TrustAnchors,
    status: StatusSource,
    now: datetime,
) -> None:
    """RFC 8705 §2.2: it matches one of the certificates that are registered for this client."""
    if certificates[0] in registered:
        return
    raise InvalidClient(
        REGISTERED,
        _as_to_a_stranger(certificates, anchors, status, now),
        expected=[certificate_thumbprint(each) for each in registered][:10],
        presented=certificate_thumbprint(certificates[0]),
    )


@enforces(OF_THE_SCHEME)
def check_not_of_the_scheme(certificate: x509.Certificate, anchors: TrustAnchors) -> None:
    """RFC 8705 §2.1, §2.2: who has a certificate of the scheme authenticates by its chain, and is revoked."""
    if anchors.is_scheme_issued(certificate):
        raise InvalidClient(OF_THE_SCHEME, FAILED, issuer=str(distinguished_name(certificate.issuer))[:500])


def _as_to_a_stranger(
    certificates: Sequence[bytes], anchors: TrustAnchors, status: StatusSource, now: datetime
) -> str:
    """What an unknown client reads in answer to this certificate."""
    try:
        verify_scheme_certificate(certificates, anchors, status, now)
    except InvalidClient as refusal:
        return refusal.description
    return FAILED
