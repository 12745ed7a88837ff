"""Where the comparison takes place: an environment of its own, with relays that count before its servers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from workshop.comparison.measuring import Instruments
from workshop.comparison.relay import Relay
from workshop.environment.deployment import Deployment
from workshop.environment.local import Environment
from workshop.environment.ports import Ports, free_port
from workshop.narration import Narrator
from workshop.soak.footprints import children_of

# Whose processor time counts, and by what name; the certificate authority answers OCSP.
SERVERS = {
    "authorization server": ("authserver",),
    "API": ("bank-api",),
    "Redis": ("redis-bank",),
    "certificate authority": ("ca", "ca-public"),
}


@dataclass(frozen=True)
class Place:
    """What there is."""

    deployment: Deployment
    instruments: Instruments


@contextmanager
def place(root: Path, narrator: Narrator) -> Iterator[Place]:
    """Start everything, and stop it afterwards. Raises as Environment does."""
    ports = Ports.free()
    environment = Environment(root, ports=ports, fresh=True, tell=lambda step: narrator.say(f"  {step}"))
    issuer, api = Relay(free_port(), ports.authserver), Relay(free_port(), ports.bank_api)
    # Everybody knows the servers by the relays' addresses, one another too: all that passes is counted.
    deployment = replace(
        environment.deployment,
        issuer=f"https://localhost:{issuer.port}",
        api_url=f"https://localhost:{api.port}",
    )
    environment.parties = replace(environment.parties, deployment=deployment)
    with ExitStack() as stack:
        for relay in (issuer, api):
            stack.enter_context(relay)
        stack.enter_context(environment)
        running = environment.process_ids()
        process_ids = {
            name: tuple(children_of({running[each]: each for each in programs if each in running}))
            for name, programs in SERVERS.items()
        }
        yield Place(deployment, Instruments((issuer, api), process_ids))
