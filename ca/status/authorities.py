"""The authorities, by name: what of each is needed to publish the status of what it issued.

An issuing authority that was replaced is answered for until the last certificate that it issued has ended:
with a responder and a list of its own, signed with its own key (RFC 6960 §4.2.2.2, RFC 5280 §5.2.1).
https://www.rfc-editor.org/rfc/rfc6960 https://www.rfc-editor.org/rfc/rfc5280
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from cryptography import x509
from django.conf import settings

from ca.authority.hierarchy import ROOT, CertificateAuthority
from ca.authority.identity import identity_of
from ca.authority.profiles import PROFILES
from ca.register import configuration
from ca.register.configuration import authority_directory
from ca.register.models import IssuedCertificate
from ca.status.stores import ISSUING_RESPONDER, ROOT_RESPONDER, responder_purpose
from operations.certificates.stores import DeclaredStore


@dataclass(frozen=True)
class StatusAuthority:
    """An authority whose certificates' status is published.

    name: ``root``, ``issuing``, ``issuing-2`` ... load: reads its key; raises NoAuthority.
    list_lifetime, list_interval: how long a revocation list holds, and how often there is a new one.
    responder_purpose, responder_lifetime: the store in which the certificates of its OCSP responder are
        (``responder_store_of``), and how long each holds.
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
    if name == ROOT:
        # Its key may be in a safe, from which somebody fetches it for this now and then.
        lifetime = timedelta(seconds=settings.ROOT_STATUS_LIFETIME_SECONDS)
        return StatusAuthority(
            name,
            authority_directory().certificate(name),
            authority_directory().load_root,
            list_lifetime=lifetime,
            list_interval=lifetime / 3,
            responder_purpose=ROOT_RESPONDER,
            responder_lifetime=lifetime,
        )
    return StatusAuthority(
        name,
        authority_directory().certificate(name),
        partial(authority_directory().load_issuing, name),
        list_lifetime=timedelta(seconds=settings.CRL_LIFETIME_SECONDS),
        list_interval=timedelta(seconds=settings.CRL_INTERVAL_SECONDS),
        responder_purpose=responder_purpose(name),
        responder_lifetime=timedelta(seconds=settings.OCSP_RESPONDER_LIFETIME_SECONDS),
    )


def known_authorities() -> tuple[StatusAuthority, ...]:
    """All that there ever were, the latest issuing authority first. Raises NoAuthority."""
    return tuple(map(status_authority, (*reversed(authority_directory().issuing_names()), ROOT)))


def status_authorities() -> tuple[StatusAuthority, ...]:
    """Those about which somebody still asks. Raises NoAuthority."""
    return tuple(each for each in known_authorities() if each.name == ROOT or is_in_use(each.name))


def is_in_use(name: str) -> bool:
    """Whether an issuing authority issues, or will, or has issued what has not ended yet."""
    names = authority_directory().issuing_names()
    if names.index(name) >= names.index(authority_directory().current_issuing()):
        return True
    issued = IssuedCertificate.objects.filter(
        issuer=identity_of(authority_directory().certificate(name)),
        profile_name__in=PROFILES,
        not_after__gte=configuration.utc_now(),
    )
    return issued.exists()


def responder_store_of(purpose: str, declared: Mapping[str, DeclaredStore] | None = None) -> DeclaredStore:
    """Where the certificates of a responder are: a successor's beside those of the first issuing authority.

    declared: by default the setting ``CERTIFICATE_STORES``.
    """
    stores: Mapping[str, DeclaredStore] = settings.CERTIFICATE_STORES if declared is None else declared
    if purpose in stores:
        return stores[purpose]
    first = stores[ISSUING_RESPONDER]
    return replace(
        first,
        purpose=purpose,
        path=first.path.with_name(purpose),
        secret_file=first.secret_file.with_name(f"{purpose}.secret"),
    )


def stores_in_use(declared: Mapping[str, DeclaredStore]) -> dict[str, DeclaredStore]:
    """The stores that are to be kept fresh: those declared, with the responders that are needed now."""
    purposes = [responder_purpose(name) for name in authority_directory().issuing_names() if is_in_use(name)]
    others = {purpose: store for purpose, store in declared.items() if purpose != ISSUING_RESPONDER}
    return others | {purpose: responder_store_of(purpose, declared) for purpose in purposes}
