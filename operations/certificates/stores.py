"""The certificate stores that a Django service declares in its settings.

In ``settings.py``::

    CERTIFICATE_STORES = {
        "server": declared_store(
            environment, "server", participant="bank-api",
            subject="CN=bank-api,O=Bank plc,C=GB", dns="localhost",
        ),
    }

Whoever serves or calls reads the same store: ``GenerationStore(settings.CERTIFICATE_STORES["server"].path)``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from operations.settings.environment import ServiceEnvironment
from sender_constraint.certificates.csr import RequestedNames
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.placed import PlacedFiles


@dataclass(frozen=True, slots=True)
class DeclaredStore:
    """A store of generations, and what it takes to fill it.

    purpose: ``client`` or ``server``. participant: the name that the certificate authority knows.
    secret_file: where the one-time secret of the first enrolment is delivered.
    placed: where something else puts certificate and key; then nobody is asked for one.
    """

    purpose: str
    path: Path
    participant: str
    names: RequestedNames
    secret_file: Path
    placed: PlacedFiles | None = None

    @property
    def store(self) -> GenerationStore:
        """The store on disk."""
        return GenerationStore(self.path)


def declared_store(
    environment: ServiceEnvironment,
    purpose: str,
    *,
    participant: str,
    subject: str,
    dns: str = "",
    uris: str = "",
    prefix: str = "",
) -> DeclaredStore:
    """The store of one purpose in the service's state directory.

    The arguments are defaults: the settings ``PARTICIPANT``, ``CERTIFICATE_SUBJECT`` (RFC 4514),
    ``CERTIFICATE_SAN_DNS`` and ``CERTIFICATE_SAN_URI`` (separated by commas) override them;
    ``CERTIFICATE_SAN_IP`` and ``CERTIFICATE_SAN_EMAIL`` add to them.
    prefix: before the names of these settings, for the second store of a service.
    """
    return DeclaredStore(
        purpose=purpose,
        path=environment.state / "certificates" / purpose,
        participant=environment.text(f"{prefix}PARTICIPANT", participant),
        names=RequestedNames(
            subject=environment.text(f"{prefix}CERTIFICATE_SUBJECT", subject),
            dns=tuple(environment.words(f"{prefix}CERTIFICATE_SAN_DNS", dns)),
            uris=tuple(environment.words(f"{prefix}CERTIFICATE_SAN_URI", uris)),
            ip_addresses=tuple(environment.words(f"{prefix}CERTIFICATE_SAN_IP")),
            mailboxes=tuple(environment.words(f"{prefix}CERTIFICATE_SAN_EMAIL")),
        ),
        secret_file=environment.state / "enrolment" / f"{purpose}.secret",
        placed=environment.placed_files(purpose),
    )


def declared_stores() -> Mapping[str, DeclaredStore]:
    """The setting ``CERTIFICATE_STORES``, by purpose.

    ``CERTIFICATE_STORES_IN_USE``, if set, names a function that makes of it those that are in use now: an
    authority's come and go while it runs.
    """
    stores: Mapping[str, DeclaredStore] = settings.CERTIFICATE_STORES
    in_use = getattr(settings, "CERTIFICATE_STORES_IN_USE", None)
    return import_string(in_use)(stores) if in_use else stores
