"""The certificate with which the authority itself serves.

It is renewed by the same machinery as everybody's, and over EST like everybody's. Only where that cannot be,
because EST needs a server that has a certificate, is it issued by a call: the first one, and the successor
of one that has expired or that nothing serves.
"""

import logging
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from ca.authority.directory import NoAuthority
from ca.authority.hierarchy import AuthorityExpired
from ca.authority.refusals import EnrolmentRefused
from ca.authority.requests import verify_request
from ca.register import configuration
from ca.register.configuration import current_issuer
from ca.register.issuing import Issuance, Issuer
from ca.register.models import IssuedCertificate, serial_text
from ca.register.own_records import AuthorityRevoked
from ca.register.participants import Application, NotAdmitted, admit_without_secret
from operations.certificates.renewal import est_issuer
from operations.certificates.stores import DeclaredStore
from sender_constraint.certificates.csr import first_request, next_request
from sender_constraint.certificates.errors import IssuanceFailed, IssuerUnreachable
from sender_constraint.certificates.generations import Generation

logger = logging.getLogger(__name__)


class OwnCertificateIssuer:
    """Issues the authority's own certificates (``sender_constraint.certificates.issuance.Issuer``)."""

    def __init__(self, declared: DeclaredStore) -> None:
        self._declared = declared

    def first(self, key: ec.EllipticCurvePrivateKey) -> list[x509.Certificate]:
        """The first certificate of the authority's own line. Raises IssuanceFailed."""
        names = self._declared.names
        application = Application(
            self._declared.participant, self._declared.purpose, names.subject, names.dns, names.uris
        )
        request = verify_request(first_request(key, names))
        return _issued(lambda issuer: issuer.begin(admit_without_secret(application), request))

    def next(self, key: ec.EllipticCurvePrivateKey, replaced: Generation) -> list[x509.Certificate]:
        """Its successor; a first one where the register does not know the one to replace, or it is revoked.

        Raises IssuanceFailed.
        """
        record = _record_of(replaced)
        if record is None or record.revoked_at is not None:
            return self.first(key)
        if not record.is_expired(configuration.utc_now()):
            try:
                return est_issuer(self._declared).next(key, replaced)
            except IssuerUnreachable as error:
                logger.info("EST is not served, the certificate is renewed without it: %s", error)
        request = verify_request(next_request(key, replaced.certificate))
        return _issued(lambda issuer: issuer.renew(record, request))

    def delivered_secret(self) -> str | None:
        """None: it takes no secret."""
        return None

    def published(self, generation: Generation) -> None:  # noqa: ARG002 - the protocol's signature
        """Remove a one-time secret that somebody delivered for it: it takes none."""
        self._declared.secret_file.unlink(missing_ok=True)


def _record_of(generation: Generation) -> IssuedCertificate | None:
    """The register's record of a generation, compared byte by byte."""
    record = IssuedCertificate.objects.filter(serial=serial_text(generation.certificate)).first()
    return record if record is not None and record.certificate == generation.certificate else None


def _issued(issue: Callable[[Issuer], Issuance]) -> list[x509.Certificate]:
    try:
        issuance = issue(current_issuer())
        certificate = issuance.record.certificate
        issuing = configuration.issuer_of(certificate)
    except (NoAuthority, AuthorityExpired, AuthorityRevoked, NotAdmitted, EnrolmentRefused) as error:
        raise IssuanceFailed(str(error)) from error
    return [certificate, issuing]
