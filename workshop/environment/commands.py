"""What up and status do."""

import argparse
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from operations.status.report import show
from workshop.environment import demo_env, local_settings, service_status
from workshop.environment.local import Environment, attach
from workshop.environment.local_settings import Change
from workshop.environment.ports import Ports
from workshop.environment.running import FAILURES, CannotStart, exclusive
from workshop.environment.stopping import not_running

NARROWEST = 100

# The services that keep a database; the partner keeps files alone.
WITH_ADMIN = ("ca", "authserver", "bank_api")


def up(arguments: argparse.Namespace) -> int:
    """Start everything and leave it running; say where it is, if it runs already."""
    root: Path = arguments.state.absolute()
    changes = [Change.parse(text) for text in arguments.set]
    changes += [Change.parse(text, unset=True) for text in arguments.unset]
    if running := attach(root):
        running.detach()
        if running.deployment.profile != arguments.profile:
            profile = running.deployment.profile or "no profile"
            raise CannotStart(
                f"it is up already, under {profile}.\n  Next: ./scripts/down, then start again."
            )
        if changes:
            raise CannotStart(
                "it is up already, and settings are read at the start.\n"
                "  Next: ./scripts/down, then this command again."
            )
        print(f"It is up already; ./scripts/down ends it.\n\n{_addresses(running)}")
        return 0
    begun = time.monotonic()
    settings = local_settings.changed(local_settings.read(root), changes)
    environment = Environment(
        root,
        ports=local_settings.ports_of(settings, Ports()),
        lifetime_seconds=local_settings.lifetime_of(settings, arguments.lifetime),
        profile=arguments.profile,
        settings=settings,
        tell=lambda step: print(f"  {step}", flush=True),
    )
    with exclusive(root):
        environment.check_settings([(change.service, change.name) for change in changes])
        local_settings.write(root, settings)
    print(f"starting in {environment.root}", flush=True)
    for line in _overridden(environment):
        print(f"  {line}")
    try:
        with environment:
            environment.leave_running()
    except FAILURES:
        if any(settings.values()):
            print(
                "with settings of your own; ./scripts/up --unset SERVICE.NAME takes one back", file=sys.stderr
            )
        raise
    print(f"up after {time.monotonic() - begun:.0f} s; ./scripts/down ends it.\n\n{_addresses(environment)}")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Say what runs and how it is. Exit status 1 if it is not well, 2 if nothing runs."""
    running = attach(arguments.state.absolute())
    if running is None:
        return not_running()
    states, health = running.states(), running.health()
    for name, (state, process_id) in sorted(states.items()):
        print(f"  {name:24} {state.lower():10} {process_id or '':<8} {health.get(name, '')}".rstrip())
    if overridden := list(_overridden(running)):
        print("\nsettings of your own (local.env):", *overridden, sep="\n  ")
    console = Console(width=max(shutil.get_terminal_size().columns, NARROWEST))
    documents = service_status.documents(running.parties, running.root)
    for document in documents:
        console.print()
        show(document, console, tasks=arguments.tasks)
    print(f"\n{_listing(running)}\n")
    unwell = [name for name, (state, _) in sorted(states.items()) if state != "RUNNING"]
    unwell += [name for name, said in health.items() if said != "healthy" and name not in unwell]
    failed, lines = verdict(unwell, documents)
    print(*lines, sep="\n")
    return int(failed)


def verdict(unwell: Sequence[str], documents: Sequence[Mapping[str, Any]]) -> tuple[bool, list[str]]:
    """Whether something failed, and the lines that say so.

    unwell: the programs that do not run, or not well. documents: what each service says of itself.
    """
    alarms = [(document["service"], alarm) for document in documents for alarm in document["alarms"]]
    critical = any(alarm["level"] == "critical" for _, alarm in alarms)
    lines = [f"{alarm['level']}: {service}: {alarm['name']}: {alarm['message']}" for service, alarm in alarms]
    if unwell:
        lines.append(f"not healthy: {', '.join(unwell)}")
    if unwell or critical:
        return True, [*lines, "Status: failed."]
    return False, [*lines, f"Status: ok, {len(alarms) or 'no'} active alarm{'s' * (len(alarms) != 1)}."]


def _overridden(environment: Environment) -> Iterator[str]:
    """The settings of the user's own: with which it runs, and what changed in the files since."""
    runs = environment.parties.local
    try:
        now: local_settings.Settings = local_settings.read(environment.root)
    except CannotStart as reason:
        yield f"not in effect: {reason}"
        now = runs
    both = {(service, name) for each in (runs, now) for service, own in each.items() for name in own}
    for service, name in sorted(both):
        value, kept = runs.get(service, {}).get(name), now.get(service, {}).get(name)
        if value is not None:
            yield f"{service}.{local_settings.shown(name, value)}"
        if value != kept:
            change = "taken back" if kept is None else local_settings.shown(name, kept)
            yield f"{service}.{name}: the next start has {change}"
    for note in environment.parties.notes():
        yield f"note: {note}"


def _listing(environment: Environment) -> str:
    """Where everything listens."""
    deployment = environment.deployment
    listing = [
        ("certificate authority (EST)", deployment.ca_url),
        ("  in the clear", deployment.ca_public_url),
        ("  its admin", f"{deployment.ca_pages_url}/admin/"),
        ("authorization server", deployment.issuer),
        ("  its admin", f"{deployment.authserver_pages_url}/admin/"),
        ("the bank's API", deployment.api_url),
        ("  its documentation", f"{deployment.bank_pages_url}/"),
        ("  its admin", f"{deployment.bank_pages_url}/admin/"),
        ("the partner's service", deployment.partner_url),
    ]
    return "\n".join(f"  {name:30} {address}" for name, address in listing)


def _addresses(environment: Environment) -> str:
    """Where everything listens, where passwords are, and commands to copy."""
    deployment = environment.deployment
    variables = environment.root / "demo.env"
    return "\n".join(
        [
            _listing(environment),
            "",
            "The user of each admin is called admin; its password is in",
            *(f"  {deployment.admin_password(service)}" for service in WITH_ADMIN),
            "",
            "Commands to copy; the first line brings in the variables:",
            "",
            demo_env.source_command(variables),
            "",
            demo_env.commands(),
        ]
    )
