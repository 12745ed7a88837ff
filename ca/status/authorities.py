"""The two authorities, by name: what of each is needed to publish the status of what it issued."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from django.conf import settings

from ca.authority.hierarchy import ISSUING, ROOT, CertificateAuthority
from ca.authority.identity import identity_of
from ca.register.configuration import authority_directory
from ca.status.stores import ISSUING_RESPONDER, ROOT_RESPONDER


@dataclass(frozen=True)
class StatusAuthority:
    """An authority whose certificates' status is published.

    name: ``root`` or ``issuing``. load: reads its key; raises NoAuthority.
    list_lifetime, list_interval: how long a revocation list holds, and how often there is a new one.
    responder_purpose, responder_lifetime: the store in which the certificates of its OCSP responder are
        (``CERTIFICATE_STORES``), and how long each holds.
    """

    name: str
    certificate: x509.Certificate
    load: Callable[[], CertificateAuthority]
    list_lifetime: timedelta
    list_interval: timedelta
    responder_purpose: str
    responder_lifetime: timedelta

    @property
    def identity(self) -> str:
        """As the register writes it."""
        return identity_of(self.certificate)


def status_authority(name: str) -> StatusAuthority:
    """One of them. Raises NoAuthority."""
    root, issuing = authority_directory().certificates()
    if name == ROOT:
        # Its key may be in a safe, from which somebody fetches it for this now and then.
        lifetime = timedelta(seconds=settings.ROOT_STATUS_LIFETIME_SECONDS)
        return StatusAuthority(
            name,
            root,
            authority_directory().load_root,
            list_lifetime=lifetime,
            list_interval=lifetime / 3,
            responder_purpose=ROOT_RESPONDER,
            responder_lifetime=lifetime,
        )
    return StatusAuthority(
        ISSUING,
        issuing,
        authority_directory().load_issuing,
        list_lifetime=timedelta(seconds=settings.CRL_LIFETIME_SECONDS),
        list_interval=timedelta(seconds=settings.CRL_INTERVAL_SECONDS),
        responder_purpose=ISSUING_RESPONDER,
        responder_lifetime=timedelta(seconds=settings.OCSP_RESPONDER_LIFETIME_SECONDS),
    )


def status_authorities() -> tuple[StatusAuthority, ...]:
    """Both. Raises NoAuthority."""
    return status_authority(ISSUING), status_authority(ROOT)
