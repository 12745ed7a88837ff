"""An authority that is founded once, participants for each test, a clock that stands still."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from ca.authority.founding import found
from ca.authority.hierarchy import Hierarchy
from ca.register import configuration
from ca.register.configuration import authority_directory
from ca.register.own_records import record_authorities
from ca.register.participants import Application, admit
from ca.status import views
from ca.status.delegation import own_issuer
from ca.status.stores import ISSUING_RESPONDER, ROOT_RESPONDER
from sender_constraint.certificates.rotation import ensure_generation
from tests.ca.material import (
    PARTNER,
    PARTNER_DNS,
    PARTNER_URI,
    MovedClock,
    basic,
    csr,
    encoded,
    issued,
    new_key,
    post,
)
from tests.ca.running import RunningAuthority, running_authority
from tests.trail import Trail


@pytest.fixture(scope="session")
def hierarchy() -> Hierarchy:
    found(authority_directory(), settings.SENDER_CONSTRAINT["TRUST_BUNDLE"], lambda: datetime.now(UTC))
    return authority_directory().load()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovedClock:
    moved = MovedClock(datetime.now(UTC).replace(microsecond=0))
    monkeypatch.setattr(configuration, "utc_now", moved)
    return moved


@pytest.fixture
def trail() -> Trail:
    return Trail(settings.AUDIT_DIR / "audit.jsonl")


@dataclass(frozen=True)
class Admitted:
    """A participant with its secret."""

    name: str
    secret: str

    @property
    def authorization(self) -> str:
        return basic(self.name, self.secret)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAuthority]:
    with running_authority(tmp_path_factory.mktemp("scheme") / "ca") as running:
        yield running


Admit = Callable[[Application], Admitted]


@pytest.fixture
def admitted(db: None, hierarchy: Hierarchy, clock: MovedClock) -> Admit:  # noqa: ARG001 - what it stands on
    def admitting(application: Application) -> Admitted:
        secrets: list[str] = []
        admit(application, secrets.append)
        return Admitted(application.participant, secrets[0])

    return admitting


@pytest.fixture
def ensure_responders(
    db: None,  # noqa: ARG001 - what it stands on
    hierarchy: Hierarchy,
    clock: MovedClock,
    settings: Settings,
    tmp_path: Path,
) -> Callable[[], None]:
    """Gives each authority's responder what it needs now: a first certificate, or the next one."""
    settings.CERTIFICATE_STORES = {
        purpose: replace(declared, path=tmp_path / purpose)
        for purpose, declared in settings.CERTIFICATE_STORES.items()
    }
    views._responder.cache_clear()
    record_authorities((hierarchy.root.certificate, hierarchy.issuing.certificate))

    def ensure() -> None:
        for purpose in (ISSUING_RESPONDER, ROOT_RESPONDER):
            declared = settings.CERTIFICATE_STORES[purpose]
            assert ensure_generation(declared.store, own_issuer(declared), clock).error is None

    return ensure


@pytest.fixture
def responders(ensure_responders: Callable[[], None]) -> Iterator[None]:
    ensure_responders()
    yield
    views._responder.cache_clear()


@pytest.fixture
def partner(admitted: Admit) -> Admitted:
    return admitted(Application("partner", "client", PARTNER, (PARTNER_DNS,), (PARTNER_URI,)))


@pytest.fixture
def certificate(client: Client, partner: Admitted) -> x509.Certificate:
    """The partner's first certificate."""
    body = encoded(csr(new_key()))
    return issued(post(client, "simpleenroll", body, authorization=partner.authorization))
