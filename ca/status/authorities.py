"""The two authorities, by name: what of each is needed to publish the status of what it issued."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from django.conf import settings

from ca.authority.hierarchy import ISSUING, ROOT, CertificateAuthority
from ca.authority.identity import identity_of
from ca.register.configuration import authority_directory


@dataclass(frozen=True)
class StatusAuthority:
    """An authority whose certificates' status is published.

    name: ``root`` or ``issuing``. load: reads its key; raises NoAuthority.
    list_lifetime, list_interval: how long a revocation list holds, and how often there is a new one.
    responder_lifetime: of the certificate of its OCSP responder.
    """

    name: str
    certificate: x509.Certificate
    load: Callable[[], CertificateAuthority]
    list_lifetime: timedelta
    list_interval: timedelta
    responder_lifetime: timedelta

    @property
    def identity(self) -> str:
        """As the register writes it."""
        return identity_of(self.certificate)

    @property
    def responder_purpose(self) -> str:
        """The name of the store in which its responder's certificates are (``CERTIFICATE_STORES``)."""
        return f"ocsp-{self.name}"


def status_authority(name: str) -> StatusAuthority:
    """One of them. Raises NoAuthority."""
    root, issuing = authority_directory().certificates()
    if name == ROOT:
        # Its key may be in a safe, from which somebody fetches it for this now and then.
        lifetime = timedelta(seconds=settings.ROOT_STATUS_LIFETIME_SECONDS)
        return StatusAuthority(name, root, authority_directory().load_root, lifetime, lifetime / 3, lifetime)
    return StatusAuthority(
        ISSUING,
        issuing,
        authority_directory().load_issuing,
        timedelta(seconds=settings.CRL_LIFETIME_SECONDS),
        timedelta(seconds=settings.CRL_INTERVAL_SECONDS),
        timedelta(seconds=settings.OCSP_RESPONDER_LIFETIME_SECONDS),
    )


def status_authorities() -> tuple[StatusAuthority, ...]:
    """Both. Raises NoAuthority."""
    return status_authority(ISSUING), status_authority(ROOT)
