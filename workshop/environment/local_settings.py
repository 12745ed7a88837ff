"""The user's own settings for services that ``up`` starts: ``SERVICE/local.env`` in the environment's folder.

They win over what is generated. ``up`` reads them, refuses what a service does not know or cannot use, and
writes them into the ``service.env`` of the service: while it runs, an edited file changes nothing.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from workshop.environment.deployment import DAY_SECONDS, SHORTEST_LIFETIME_SECONDS
from workshop.environment.env_file import line_of, read_file, setting_in
from workshop.environment.parties import SERVICES
from workshop.environment.ports import Ports
from workshop.environment.running import CannotStart, UsageError, did_you_mean
from workshop.private_files import write_private

FILE = "local.env"
Settings = Mapping[str, Mapping[str, str]]

# Which port of the environment a setting moves. The addresses of the service follow in all other parties.
_BINDS = {
    ("ca", "BIND"): "ca",
    ("ca", "PUBLIC_BIND"): "ca_public",
    ("ca", "PAGES_BIND"): "ca_pages",
    ("authserver", "BIND"): "authserver",
    ("authserver", "PAGES_BIND"): "authserver_pages",
    ("bank_api", "BIND"): "bank_api",
    ("bank_api", "PAGES_BIND"): "bank_api_pages",
    ("partner_client", "BIND"): "partner_client",
}
# Every party calls the others at localhost.
_REACHED_AT_LOCALHOST = ("127.0.0.1", "localhost", "0.0.0.0", "[::]")  # noqa: S104 - if the user wants it
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_SECRET_NAMES = ("SECRET_KEY",)


@dataclass(frozen=True)
class Change:
    """One ``--set SERVICE.NAME=VALUE``, or one ``--unset SERVICE.NAME``, whose value is None."""

    service: str
    name: str
    value: str | None

    @classmethod
    def parse(cls, text: str, *, unset: bool = False) -> "Change":
        """Raises UsageError for another form, an unknown service, and a value of several lines."""
        form = "SERVICE.NAME" if unset else "SERVICE.NAME=VALUE"
        target, separator, value = (text, "", "") if unset else text.partition("=")
        service, dot, name = target.partition(".")
        if not dot or not _NAME.fullmatch(name) or bool(separator) is unset:
            raise UsageError(
                f"{text!r} is not {form}, for example bank_api.LOG_LEVEL" + "=DEBUG" * (not unset)
            )
        if service not in SERVICES:
            raise UsageError(f"there is no service {service!r}.{did_you_mean(service, SERVICES)}")
        if "".join(value.splitlines()) != value or not value.isprintable():
            raise UsageError(f"the value of {service}.{name} has a character that a line cannot hold.")
        return cls(service, name, None if unset else value)


def read(root: Path) -> dict[str, dict[str, str]]:
    """The settings in all ``local.env`` files, by service. Raises CannotStart for a line that is not one."""
    return {service: read_file(root / service / FILE) for service in SERVICES}


def changed(settings: Settings, changes: Collection[Change]) -> dict[str, dict[str, str]]:
    """The settings after the changes. Raises UsageError for a setting that is taken back but not there."""
    after = {service: dict(own) for service, own in settings.items()}
    for change in changes:
        if change.value is not None:
            after[change.service][change.name] = change.value
        elif after[change.service].pop(change.name, None) is None:
            raise UsageError(f"{change.service}.{change.name} is not set: {_listed(settings)}")
    return after


def write(root: Path, settings: Settings) -> None:
    """Bring the files up to date, mode 0600; other lines, as comments, stay as they are."""
    for service, own in settings.items():
        file = root / service / FILE
        before = read_file(file)
        if own == before:
            continue
        comment = f"# Settings of {service}; docs/integrate.md says how they are used."
        kept = []
        for line in file.read_text().splitlines() if file.exists() else [comment]:
            name, _ = setting_in(line) or ("", "")
            if name not in before or own.get(name) == before[name]:
                kept.append(line)
            elif name in own:
                kept.append(line_of(name, own[name]))
        kept.extend(line_of(name, value) for name, value in own.items() if name not in before)
        write_private(file, "\n".join([*kept, ""]))


def ports_of(settings: Settings, ports: Ports) -> Ports:
    """The ports, where settings move some. Raises CannotStart for an address that others cannot reach."""
    moved = {}
    for (service, name), port in _BINDS.items():
        bind = settings.get(service, {}).get(name)
        if bind is None:
            continue
        host, _, number = bind.rpartition(":")
        if host not in _REACHED_AT_LOCALHOST or not number.isascii() or not number.isdecimal():
            raise CannotStart(
                f"{service}.{name} is {bind!r}, and the other parties call {service} at localhost.\n"
                "  Next: use 127.0.0.1:PORT, or 0.0.0.0:PORT to be reached from other machines as well."
            )
        moved[port] = int(number)
    return replace(ports, **moved)


def lifetime_of(settings: Settings, given: int | None) -> int:
    """Seconds for which certificates are valid, on which all parties agree: one setting of the authority's.

    given: by ``--lifetime``. Raises UsageError if both are given and differ, CannotStart.
    """
    own = settings.get("ca", {}).get("CERTIFICATE_LIFETIME_SECONDS")
    if own is None:
        return given or DAY_SECONDS
    if not own.isascii() or not own.isdecimal() or int(own) < SHORTEST_LIFETIME_SECONDS:
        least = f"Use at least {SHORTEST_LIFETIME_SECONDS} seconds."
        raise CannotStart(f"ca.CERTIFICATE_LIFETIME_SECONDS is {own!r}. {least}")
    if given is not None and given != int(own):
        raise UsageError(
            f"--lifetime is {given}, and ca.CERTIFICATE_LIFETIME_SECONDS is {own}. Use one of them."
        )
    return int(own)


def shown(name: str, value: str) -> str:
    """A setting for a terminal: without the secret that it may hold."""
    if name in _SECRET_NAMES:
        return f"{name}=(not shown)"
    try:
        password = urlsplit(value).password
    except ValueError:
        password = None
    return f"{name}={value.replace(password, '***') if password else value}"


def _listed(settings: Settings) -> str:
    names = [f"{service}.{name}" for service, own in settings.items() for name in own]
    return f"these are: {', '.join(names)}." if names else "no setting is."
