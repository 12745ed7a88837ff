"""The certificate that binds a token, at an API.

RFC 8705, OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens, §3 and §4
(https://www.rfc-editor.org/rfc/rfc8705). It authenticates nobody: the authorization server knew it when it
bound the token. Yet what an authority of the scheme issued must hold as such, so that a certificate that was
issued for something else, or forged in an authority's name, binds nothing. What is *not* checked here: the
thumbprint (``binding``).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from cryptography import x509

from sender_constraint.core import certificate_checks as checks
from sender_constraint.core.certificate_checks import VerifiedCertificate
from sender_constraint.core.errors import Refusal
from sender_constraint.core.guidance import CLIENT_CERTIFICATE
from sender_constraint.core.names import distinguished_name
from sender_constraint.core.revocation import StatusSource, check_revocation
from sender_constraint.core.rules import enforces, rule
from sender_constraint.core.thumbprints import certificate_thumbprint
from sender_constraint.core.trust_anchors import TrustAnchors
from sender_constraint.core.untrusted_input import is_issued_by

SELF_SIGNED: Final = "self-signed"
# Which certificates bind that no authority of the scheme issued: none, all, or those that nobody issued.
AcceptForeign = bool | Literal["self-signed"]

FOREIGN = rule(
    "certificate.foreign", "RFC 8705 §3", "The certificate is not from the scheme, and others are refused."
).explained(
    "a certificate issued by an authority of the scheme: {scheme}",
    "a certificate issued by {issuer}",
    f"{CLIENT_CERTIFICATE} For certificates of public authorities, see docs/public-certificates.md.",
)


def verify_binding_certificate(
    certificates: Sequence[bytes],
    anchors: TrustAnchors,
    status: StatusSource,
    now: datetime,
    error: type[Refusal],
    *,
    accept_foreign: AcceptForeign,
) -> VerifiedCertificate:
    """Verify a certificate that only binds a token.

    Validity and key always; purpose, chain and revocation where it says that an authority of the scheme
    issued it.
    Others, such as a public client's self-signed one (RFC 8705 §4), are accepted if ``accept_foreign``;
    of these, if it is ``self-signed``, only those that are their own issuer.
    certificates: DER, as presented, the sender's own first. now: aware.
    Raises ``error``, or TemporarilyUnavailable where the status of the certificate cannot be had.
    """
    checks.check_presented(certificates, error)
    certificate = checks.load_certificate(certificates[0], error)
    checks.check_validity(certificate, now, error)
    checks.check_key(certificate, error)
    thumbprint = certificate_thumbprint(certificates[0])
    if not anchors.is_scheme_issued(certificate):
        check_foreign_accepted(certificate, anchors, accept_foreign, error)
        return VerifiedCertificate(certificate, thumbprint, ())
    checks.check_purpose(certificate, error)
    checks.check_not_ca(certificate, error)
    checks.check_key_usage(certificate, error)
    chain = checks.check_chain(certificate, certificates[1:], anchors, now, error)
    check_revocation(chain or (), status, error)
    return VerifiedCertificate(certificate, thumbprint, chain or ())


@enforces(FOREIGN)
def check_foreign_accepted(
    certificate: x509.Certificate,
    anchors: TrustAnchors,
    accept_foreign: AcceptForeign,
    error: type[Refusal],
) -> None:
    """A setting of the API may refuse certificates of other issuers than the scheme's authorities."""
    accepted = is_self_signed(certificate) if accept_foreign == SELF_SIGNED else accept_foreign
    if not accepted:
        raise error(
            FOREIGN,
            "The certificate's issuer is not accepted",
            issuer=str(distinguished_name(certificate.issuer))[:500],
            scheme=sorted(str(each) for each in anchors.names)[:10],
        )


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether a certificate names itself as its issuer, and its own key signed it (RFC 5280 §3.2)."""
    return is_issued_by(certificate, certificate)
