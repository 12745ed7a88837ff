"""The whole environment on this machine: started, awaited, and stopped without a trace."""

import contextlib
import os
import secrets
import shutil
import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType, TracebackType

from operations.settings.environment import REPOSITORY
from workshop.environment import demo_env, preparation, processes, programs, settings_check
from workshop.environment.deployment import DAY_SECONDS, LIFETIME_FILE, OWN_FOLDERS, STATES, Deployment
from workshop.environment.health import answers, wait_until_healthy
from workshop.environment.parties import ORGANISATIONS, Parties, organisations
from workshop.environment.ports import Ports, holder
from workshop.environment.programs import Program
from workshop.environment.running import CannotStart, Record, exclusive, running_record, stop
from workshop.environment.supervision import Supervisor
from workshop.environment.termination import deaf_to_signals, termination_as_exception


class Environment:
    """All services, workers and stores under one supervisor.

    root: where everything is kept. fresh: throw away what an earlier run kept there.
    lifetime_seconds: of the certificates that the authority issues. profile: to which all are held, as
        ``fapi2``.
    settings: by service, settings of the user's own, which win over what is generated.
    commands: other command lines for some programs, by name: how tests start a service in another way.
    tell: is given a line for each step.

    As a context manager it starts on entry and stops on exit, on exceptions, SIGINT and SIGTERM too.
    Entry raises CannotStart, PreparationFailed, SupervisorFailed or Unhealthy, with nothing left running.
    """

    def __init__(
        self,
        root: Path,
        *,
        ports: Ports | None = None,
        lifetime_seconds: int = DAY_SECONDS,
        profile: str = "",
        settings: Mapping[str, Mapping[str, str]] | None = None,
        fresh: bool = False,
        commands: Mapping[str, Sequence[str]] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.root = root.absolute()
        self.ports = ports or Ports()
        self.parties = parties_on_this_machine(
            self.root, self.ports, lifetime_seconds, profile, settings or {}
        )
        self._fresh = fresh
        self._commands = commands or {}
        self._tell = tell
        self._exit_stack = contextlib.ExitStack()
        self._supervisor: Supervisor | None = None
        self._keep = False
        self._programs: dict[str, Program] = {}

    @property
    def deployment(self) -> Deployment:
        """Addresses and folders."""
        return self.parties.deployment

    def __enter__(self) -> "Environment":
        with contextlib.ExitStack() as stack:
            stack.enter_context(exclusive(self.root))
            stack.enter_context(termination_as_exception())
            stack.callback(self._stop)
            self.start()
            self._exit_stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit_stack.__exit__(kind, error, trace)

    def leave_running(self) -> None:
        """Leave the context without stopping anything; ``stop(root)``, or ./scripts/down, ends it."""
        self._keep = True

    def adopt(self, supervisor: Supervisor) -> None:
        """Use a supervisor that runs already, with the programs that it has."""
        self._supervisor = supervisor
        self._programs = {program.name: program for program in programs.services(self.parties)}

    def detach(self) -> None:
        """Let go of a supervisor that was adopted; everything stays up."""
        self._running().close()

    def start(self) -> None:
        """Start everything and wait until it is healthy. The caller holds ``exclusive(root)``."""
        if processes.running(self.root):
            self._tell("ending what an interrupted run left behind")
            stop(self.root)
        if self._fresh:
            self._clear()
        self._check_ports()
        self._launch()

    def states(self) -> Mapping[str, tuple[str, int]]:
        """By program: its state in supervisor's words, and its process id (0 if none)."""
        return self._running().states()

    def process_ids(self) -> Mapping[str, int]:
        """The process id of each program that runs, by its name."""
        return {name: process_id for name, (_, process_id) in self.states().items() if process_id}

    def check_settings(self, asked_for: Collection[tuple[str, str]] = ()) -> None:
        """Refuse settings of the user's own that a service does not have or cannot use; starts nothing.

        asked_for: service and name of those on the command line. Raises CannotStart, UsageError.
        """
        nowhere = dict.fromkeys(organisations(), "password")
        settings_check.refuse_unusable(self.root, self.parties, self._connections(nowhere), asked_for)

    def health(self) -> Mapping[str, str]:
        """By program that serves: ``healthy`` or ``unhealthy``, as its health URL answers now."""
        return {
            name: "healthy" if answers(program.health, self.deployment.trust_bundle) else "unhealthy"
            for name, program in self._programs.items()
            if program.health
        }

    def kill(self, program: str) -> int:
        """Kill a program outright; the supervisor starts it again. Returns its old process id."""
        process_id = self.process_ids()[program]
        os.kill(process_id, signal.SIGKILL)
        return process_id

    def stop_program(self, program: str) -> None:
        """Stop one program in order; it stays down."""
        self._running().stop(self._programs[program])

    def start_program(self, program: str) -> None:
        """Start one program that was stopped, and wait until it is healthy."""
        self._running().run(self._programs[program])
        self.wait_until_healthy(program)

    def wait_until_healthy(self, *names: str) -> None:
        """Wait for these programs, or for all. Raises Unhealthy."""
        awaited = [self._programs[name] for name in names or self._programs]
        wait_until_healthy(self._running(), awaited, self.deployment.trust_bundle, self._tell)

    def _running(self) -> Supervisor:
        if self._supervisor is None:
            raise RuntimeError("the environment has not been started")
        return self._supervisor

    def _launch(self) -> None:
        passwords = {organisation: secrets.token_urlsafe(24) for organisation in organisations()}
        self.parties.make_folders()
        self._forget_certificates_of_another_lifetime()
        for service in self.parties.forget_renamed_certificates():
            self._tell(f"the names in the certificates of {service} changed: it enrolls again")
        self.parties.write_settings(self._connections(passwords))
        participants = self.parties.write_participants()
        self.parties.write_own_clients()
        with preparation.of_everyone(self.root, self.parties, participants) as (authority, *others):
            stores = programs.stores(self.root, self.ports, passwords)
            services = [self._adapted(program) for program in programs.services(self.parties)]
            self._programs = {program.name: program for program in [*stores, *services]}
            supervisor = Supervisor.start(self.root, self._programs.values())
            self._supervisor = supervisor
            self._record(supervisor)
            supervisor.run(*stores)
            self._tell("the certificate authority is being prepared")
            authority.wait()
            supervisor.run(*self._of("ca"))
            self._tell("everybody enrols")
            # They wait for the authority, and would report its silence: what is wrong with it says more.
            self.wait_until_healthy("ca")
            for preparing in others:
                preparing.wait()
                supervisor.run(*self._of(preparing.service))
        self.wait_until_healthy(*(name for name in self._programs if name != "ca"))
        demo_env.write(self.root / "demo.env", self.deployment)

    def _connections(self, passwords: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """By service, where its organisation's Redis is."""
        return {
            service: {
                "REDIS_URL": f"redis://:{passwords[organisation]}@localhost:"
                f"{getattr(self.ports, f'redis_{organisation}')}/{database}"
            }
            for service, (organisation, database) in ORGANISATIONS.items()
        }

    def _forget_certificates_of_another_lifetime(self) -> None:
        """Certificates that last a day do not turn in a minute because the authority was told to."""
        record = self.root / LIFETIME_FILE
        lifetime = str(self.deployment.certificate_lifetime_seconds)
        if record.exists() and record.read_text() != lifetime:
            self._tell(f"certificates are to last {lifetime} s now: everybody enrols anew")
            self.parties.forget_certificates()
        record.write_text(lifetime)

    def _of(self, service: str) -> list[Program]:
        return [program for program in self._programs.values() if program.service == service]

    def _adapted(self, program: Program) -> Program:
        command = self._commands.get(program.name)
        return replace(program, command=tuple(command)) if command else program

    def _record(self, supervisor: Supervisor) -> None:
        Record(
            supervisor=supervisor.process_id(),
            socket=str(supervisor.socket),
            password=supervisor.password,
            ports=asdict(self.ports),
            lifetime_seconds=self.deployment.certificate_lifetime_seconds,
            profile=self.deployment.profile,
            settings=self.parties.local,
        ).write(self.root)

    def _clear(self) -> None:
        for folder in (*STATES, *OWN_FOLDERS):
            shutil.rmtree(self.root / folder, ignore_errors=True)

    def _check_ports(self) -> None:
        for port in self.ports.taken():
            raise CannotStart(_who_holds(port))

    def _stop(self) -> None:
        with deaf_to_signals():
            if self._supervisor is not None:
                self._supervisor.close()
            if not self._keep:
                stop(self.root)


def parties_on_this_machine(
    root: Path,
    ports: Ports,
    lifetime_seconds: int,
    profile: str = "",
    settings: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Parties:
    """All parties with their folders under ``root``, listening on the loopback interface.

    settings: by service, those of the user's own; who needs the folders that they name is told of them.
    """
    states = {party: root / party for party in STATES}
    bundle = settings.get("ca", {}).get("TRUST_BUNDLE", root / "public" / "trust-bundle.pem")
    audits = {
        party: settings.get(party, {}).get("AUDIT_DIR", state / "audit") for party, state in states.items()
    }
    deployment = Deployment(
        issuer=f"https://localhost:{ports.authserver}",
        api_url=f"https://localhost:{ports.bank_api}",
        ca_url=f"https://localhost:{ports.ca}",
        ca_public_url=f"http://localhost:{ports.ca_public}",
        partner_url=f"http://localhost:{ports.partner_client}",
        ca_pages_url=f"http://localhost:{ports.ca_pages}",
        authserver_pages_url=f"http://localhost:{ports.authserver_pages}",
        bank_pages_url=f"http://localhost:{ports.bank_api_pages}",
        trust_bundle=Path(bundle),
        states=states,
        audits={party: Path(folder) for party, folder in audits.items()},
        certificate_lifetime_seconds=lifetime_seconds,
        profile=profile,
    )
    listening = (
        "ca", "ca_public", "ca_pages", "authserver", "authserver_pages", "bank_api", "bank_api_pages",
        "partner_client",
    )  # fmt: skip
    binds = {service: f"127.0.0.1:{getattr(ports, service)}" for service in listening}
    return Parties(deployment, binds, settings)


def attach(root: Path) -> Environment | None:
    """The environment that runs in ``root``, started by another process; None if none does."""
    record = running_record(root)
    if record is None:
        return None
    environment = Environment(
        root,
        ports=Ports(**record.ports),
        lifetime_seconds=record.lifetime_seconds,
        profile=record.profile,
        settings=record.settings,
    )
    environment.adopt(Supervisor(Path(record.socket), record.password))
    return environment


def _who_holds(port: int) -> str:
    held = holder(port)
    if held is None:
        return f"port {port} is taken, by a process of another user.\n  Next: end it, or free the port."
    process_id, command = held
    for root in (REPOSITORY / "var", REPOSITORY / "var" / "demo"):
        if process_id in processes.running(root):
            return f"port {port} is taken by our own environment in {root}.\n  Next: ./scripts/down ends it."
    next_step = f"end it (kill {process_id}), then start again."
    return f"port {port} is taken by process {process_id}: {command}\n  Next: {next_step}"
