"""Whether services can use the settings of the user's own, asked of each before anything is started.

Run as ``python -m workshop.environment.settings_check PROJECT [BIND ...]`` it is the service: it loads its
settings, as they are in the process's environment, and prints their names and what its checks refuse.
"""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from operations.settings.environment import REPOSITORY, ServiceEnvironment
from workshop.environment.parties import SERVICES, Parties
from workshop.environment.programs import project
from workshop.environment.running import CannotStart, UsageError, did_you_mean
from workshop.environment.supervision import clean_environment

PATIENCE_SECONDS = 60
# The folder is where the file with the settings itself is.
_NOT_HERE = {"STATE_DIR": "it is the folder in which local.env is. Use ./scripts/up --state FOLDER."}


@dataclass(frozen=True)
class Verdict:
    """What a service says of its settings. names: all that it has. errors: what its checks refuse."""

    names: frozenset[str]
    errors: tuple[str, ...]


def refuse_unusable(
    root: Path,
    parties: Parties,
    connections: Mapping[str, Mapping[str, str]],
    asked_for: Collection[tuple[str, str]] = (),
) -> None:
    """Raise CannotStart for a setting of the user's own that its service does not have, or cannot use.

    asked_for: service and name of those on the command line; if one of them is unknown: UsageError.
    """
    changed = [service for service in SERVICES if parties.overrides(service)]
    generated = {service: parties.settings(service) | dict(connections[service]) for service in SERVICES}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as at_once:

        def ask(services: Sequence[str], own: bool) -> dict[str, Verdict]:
            def verdict(service: str) -> Verdict:
                settings = generated[service] | (parties.overrides(service) if own else {})
                return verdict_on(root, parties.state(service), service, settings)

            return dict(zip(services, at_once.map(verdict, services), strict=True))

        before, after = ask(changed, own=False), ask(changed, own=True)
        unknown = [
            (service, name)
            for service in changed
            for name in parties.overrides(service)
            if not _has(before[service], name)
        ]
        if unknown:
            everywhere = before | ask([service for service in SERVICES if service not in before], own=False)
            kind = UsageError if set(unknown) & set(asked_for) else CannotStart
            raise kind("\n".join(_about(service, name, everywhere) for service, name in unknown))
    for service in changed:
        # What is missing before the first start is missing with and without settings of one's own.
        errors = [error for error in after[service].errors if error not in before[service].errors]
        if errors:
            named = ", ".join(f"{service}.{name}" for name in parties.overrides(service))
            raise CannotStart(
                "\n".join([f"{service} cannot use its settings:", *(f"  {error}" for error in errors)])
                + f"\n  Set by you (local.env, --set): {named}\n"
                "  Next: give another value, or take it back with ./scripts/up --unset SERVICE.NAME."
            )


def _has(verdict: Verdict, name: str) -> bool:
    """Each setting may also be given as the name of a file that holds it: REDIS_URL_FILE."""
    return name not in _NOT_HERE and not verdict.names.isdisjoint({name, name.removesuffix("_FILE")})


def _about(service: str, name: str, verdicts: Mapping[str, Verdict]) -> str:
    if name in _NOT_HERE:
        return f"{service}.{name} cannot be set here: {_NOT_HERE[name]}"
    having = [other for other, verdict in verdicts.items() if _has(verdict, name)]
    if having:
        return f"{service} has no setting {name}; it is a setting of {', '.join(having)}."
    return f"{service} has no setting {name}.{did_you_mean(name, sorted(verdicts[service].names))}"


def verdict_on(root: Path, state: Path, service: str, settings: Mapping[str, str]) -> Verdict:
    """Ask a service about these settings. root, state: the environment's folder, and the service's."""
    binds = [name for name in settings if name == "BIND" or name.endswith("_BIND")]
    answer = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", __name__, project(service), *binds],
        cwd=REPOSITORY,
        env=clean_environment(root) | dict(settings) | {"STATE_DIR": str(state)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    if answer.returncode:
        raise CannotStart(f"the settings of {service} cannot be checked:\n{answer.stderr[-2000:]}")
    said = json.loads(answer.stdout)
    return Verdict(frozenset(said["names"]), tuple(said["errors"]))


def main(service: str, binds: Sequence[str]) -> int:
    """Say what this service makes of the process's environment, as JSON. Always 0."""
    # What was written for an earlier start is not asked about.
    ServiceEnvironment.settings_file = "none.env"
    errors: list[str] = []
    for load in (_load_front, _load_django):
        try:
            errors.extend(load(service, binds))
        except Exception as error:  # noqa: BLE001 - whatever a value does to a library: it cannot be used
            text = str(error) if type(error).__name__ == "ImproperlyConfigured" else repr(error)
            errors.append(text)
    print(json.dumps({"names": sorted(ServiceEnvironment.names_read), "errors": errors}))
    return 0


def _load_front(service: str, binds: Sequence[str]) -> list[str]:
    from operations.settings.gunicorn import plain_front

    # With which a TLS front staples.
    ServiceEnvironment(service).ocsp_url()
    for bind in binds:
        plain_front(service, bind)
    return []


def _load_django(service: str, binds: Sequence[str]) -> list[str]:  # noqa: ARG001 - as for the front
    import django
    from django.core.checks import ERROR, run_checks

    os.environ["DJANGO_SETTINGS_MODULE"] = f"{service}.settings"
    django.setup()
    for module in pkgutil.iter_modules([str(REPOSITORY / service)]):
        if module.name.endswith("_settings"):
            importlib.import_module(f"{service}.{module.name}")
    messages = run_checks(tags=[service, "serving"], include_deployment_checks=True)
    return [
        f"{message.msg} {message.hint or ''}".strip() + f" ({message.id})"
        for message in messages
        if message.level >= ERROR
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
