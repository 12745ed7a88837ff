"""The certificates of the OCSP responders: each authority issues its own (RFC 6960 §4.2.2.2).

They are renewed by the machinery that renews everybody's. The root's takes the root's key, which may be in a
safe: until it is fetched, the responder goes on with the certificate that it has, which lives for longer.
"""

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ca.authority.directory import NoAuthority
from ca.authority.hierarchy import ROOT, AuthorityExpired
from ca.authority.profiles import RESPONDER
from ca.register import configuration
from ca.register.own_certificate import OwnCertificateIssuer
from ca.register.own_records import record_own
from ca.status.authorities import status_authority
from ca.status.stores import authority_answered_for
from operations.certificates.stores import DeclaredStore
from sender_constraint.certificates.errors import IssuanceFailed
from sender_constraint.certificates.generations import Generation
from sender_constraint.certificates.issuance import Issuer


class ResponderIssuer:
    """Issues the certificates of one responder (``sender_constraint.certificates.issuance.Issuer``).

    authority: the name of the one that it answers for.
    """

    def __init__(self, declared: DeclaredStore, authority: str) -> None:
        self._declared = declared
        self._name = authority

    def first(self, key: ec.EllipticCurvePrivateKey) -> list[x509.Certificate]:
        """A certificate for a key, and the issuing authority's if it issued it. Raises IssuanceFailed."""
        now = configuration.utc_now()
        subject = x509.Name.from_rfc4514_string(self._declared.names.subject)
        try:
            authority = status_authority(self._name)
            certificate = authority.load().issue(
                RESPONDER, key.public_key(), subject, [], authority.responder_lifetime, now
            )
        except (NoAuthority, AuthorityExpired) as error:
            raise IssuanceFailed(f"the {self._name} authority certifies no responder: {error}") from error
        record_own(certificate, RESPONDER.name, now)
        return [certificate] if self._name == ROOT else [certificate, authority.certificate]

    def next(self, key: ec.EllipticCurvePrivateKey, replaced: Generation) -> list[x509.Certificate]:  # noqa: ARG002 - the protocol's signature
        """Its successor, which does not differ from a first one."""
        return self.first(key)

    def delivered_secret(self) -> str | None:
        """None: it takes no secret."""
        return None

    def published(self, generation: Generation) -> None:
        """There is nothing to tidy up: it takes no secret."""


def own_issuer(declared: DeclaredStore) -> Issuer:
    """The issuer of one of this service's own stores; see the setting ``CERTIFICATE_ISSUER``."""
    authority = authority_answered_for(declared.purpose)
    return OwnCertificateIssuer(declared) if authority is None else ResponderIssuer(declared, authority)
