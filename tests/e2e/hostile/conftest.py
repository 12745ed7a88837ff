"""The ports under load, and the table of what was measured."""

import resource
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from time import monotonic
from urllib.parse import urlsplit

import pytest

from tests.e2e.calling import APICaller, TokenCaller
from tests.e2e.hostile.figures import Figures
from tests.e2e.hostile.siege import Siege
from tests.e2e.hostile.target import PATIENCE_SECONDS, Target
from workshop.environment.local import Environment
from workshop.story.partner import current_partner
from workshop.story.stage import Stage

TLS_PORTS = ("ca", "authserver", "bank-api")
ALL_PORTS = (*TLS_PORTS, "ca-public")
NEEDED_FILES = 4096
TOKEN_SECONDS = 60

# A load's name and its port, or all of its ports.
Besieging = Callable[[str, Target], AbstractContextManager[Siege]]
BesiegingAll = Callable[[str, Sequence[Target]], AbstractContextManager[Sequence[Siege]]]

_FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = Figures()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash.get(_FIGURES, Figures())
    if figures.sieges:
        terminalreporter.section("hostile load")
        for line in figures.lines():
            terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = NEEDED_FILES if hard == resource.RLIM_INFINITY else min(NEEDED_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="session")
def targets(environment: Environment, stage: Stage) -> dict[str, Target]:
    """Every port, by the name of its program."""
    deployment = environment.deployment
    partner = current_partner(deployment)
    token = partner.token(stage)
    tokens = TokenCaller(stage.wire, f"{deployment.issuer}/token", partner.credentials)
    api, renewed = APICaller(stage.wire, deployment.api_url, partner.credentials, token), monotonic()

    def calls() -> int | None:
        # A token does not last as long as all of these tests.
        nonlocal api, renewed
        if monotonic() - renewed > TOKEN_SECONDS:
            fresh = partner.token(stage)
            api, renewed = APICaller(stage.wire, deployment.api_url, partner.credentials, fresh), monotonic()
        return api.gets().status

    def enrols() -> int | None:
        url = f"{deployment.ca_url}/.well-known/est/cacerts"
        return stage.wire.send("GET", url, partner.credentials).status

    def fetches() -> int:
        with urllib.request.urlopen(  # noqa: S310 - http, as the authority publishes
            f"{deployment.ca_public_url}/roots.pem", timeout=PATIENCE_SECONDS
        ) as response:
            return int(response.status)

    def target(
        program: str, log: str, origin: str, honest: Callable[[], int | None], protected: bytes
    ) -> Target:
        service = "ca" if program == "ca-public" else program.replace("-", "_")
        parts = urlsplit(origin)
        return Target(
            name=program,
            port=int(parts.port or 0),
            arbiter=environment.process_ids()[program],
            log=deployment.states[service] / "log" / log,
            trust_bundle=deployment.trust_bundle if parts.scheme == "https" else None,
            honest=honest,
            protected=protected,
        )

    form = b"grant_type=client_credentials&client_id=partner"
    ask = _request(b"POST /token", b"application/x-www-form-urlencoded", form)
    renew = _request(b"POST /.well-known/est/simplereenroll", b"application/pkcs10", b"MAAA")
    steal = (
        b"GET /accounts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token.encode() + b"\r\n\r\n"
    )
    fetch = b"GET /roots.pem HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return {
        "ca": target("ca", "web.log", deployment.ca_url, enrols, renew),
        "authserver": target("authserver", "web.log", deployment.issuer, lambda: tokens.asks().status, ask),
        "bank-api": target("bank-api", "web.log", deployment.api_url, calls, steal),
        "ca-public": target("ca-public", "public.log", deployment.ca_public_url, fetches, fetch),
    }


def _request(line: bytes, content_type: bytes, body: bytes) -> bytes:
    return (
        b"%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
    ) % (line, content_type, len(body), body)  # fmt: skip


@pytest.fixture(params=ALL_PORTS)
def target(request: pytest.FixtureRequest, targets: dict[str, Target]) -> Target:
    """Each port in its turn."""
    return targets[request.param]


@pytest.fixture(params=TLS_PORTS)
def tls_target(request: pytest.FixtureRequest, targets: dict[str, Target]) -> Target:
    """Each TLS port in its turn."""
    return targets[request.param]


@pytest.fixture
def all_targets(targets: dict[str, Target]) -> list[Target]:
    """Every port, for a load on all at once."""
    return [targets[name] for name in ALL_PORTS]


@pytest.fixture
def tls_targets(targets: dict[str, Target]) -> list[Target]:
    """Every TLS port, for a load on all at once."""
    return [targets[name] for name in TLS_PORTS]


@pytest.fixture
def besieging(request: pytest.FixtureRequest) -> Besieging:
    """Begins a siege, and puts what was measured into the table."""

    @contextmanager
    def besieged(load: str, target: Target) -> Iterator[Siege]:
        with Siege(load, target) as siege:
            yield siege
        request.config.stash[_FIGURES].sieges.append(siege)

    return besieged


@pytest.fixture
def besieging_all(besieging: Besieging) -> BesiegingAll:
    """The same for several ports at once."""

    @contextmanager
    def besieged(load: str, targets: Sequence[Target]) -> Iterator[Sequence[Siege]]:
        with ExitStack() as stack:
            yield [stack.enter_context(besieging(load, target)) for target in targets]

    return besieged
