"""Which tests run in which process: by suite, by Django settings, and by what they start.

``durations.json`` has the seconds that each module took when it was recorded last; a module that is not in it
is taken for an average one. It only decides the order: a wrong figure costs time and nothing else.
"""

import enum
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parent
DURATIONS = TESTS / "durations.json"
DEFAULT_SECONDS = 2.0

SERVICES = ("ca", "authserver", "bank_api", "partner_client")

# Folders and modules whose tests need what is not on every machine, or other people's code: Go, Node and
# their packages, a package index, authorization and EST servers that are not ours, schemathesis.
OUTSIDE = (
    "foreign",
    "examples/test_api_checks.py",
    "examples/test_wheel.py",
    "e2e/test_openapi_tried.py",
    "e2e/test_partners_in_other_languages.py",
    "workshop/test_installing.py",
)

# Folders and modules whose tests start servers, or programs that take long to start.
STARTING = (
    "authserver/test_keys.py",
    "authserver/test_over_tls.py",
    "authserver/test_registration_limits.py",
    "authserver/test_turning.py",
    "authserver/test_turning_over_tls.py",
    "bank_api/test_sqlite.py",
    "bank_api/test_start.py",
    "ca/test_commands.py",
    "ca/test_lineage_forks.py",
    "ca/test_over_tls.py",
    "ca/test_replacing.py",
    "ca/test_status_over_sockets.py",
    "e2e",
    "examples",
    "project/test_release.py",
    "project/test_site.py",
    "sender_constraint/certificates/test_renewal_killed.py",
    "sender_constraint/client/test_under_gevent.py",
    "sender_constraint/tls",
    "upgrade",
    "workshop/test_environment.py",
    "workshop/test_local_settings.py",
    "workshop/test_scripts.py",
    "workshop/test_soak.py",
    "workshop/test_stopping.py",
    *OUTSIDE,
)

# Tests that measure how long a caller waits: they run last, one process at a time.
ALONE = "e2e/hostile"

# Folders whose tests share the environment of their process, the deepest first, and in how many processes
# they run. A module that starts an environment, or plays the demo, has a process of its own.
WITH_ENVIRONMENT = "e2e"
SHARING = {"e2e/faults": 1, WITH_ENVIRONMENT: 2}
STARTS_ITS_OWN = re.compile(r"\bEnvironment\(|\bDemo\(|\bcompare\(")

# A process that starts no environment takes so long at most, where its modules allow it.
BUNDLE_SECONDS = 45.0


class Suite(enum.Enum):
    """Which tests are wanted, by what they need."""

    FAST, USUAL, ALL = "fast", "usual", "all"

    def has(self, file: Path) -> bool:
        """Whether the tests of a module belong to it."""
        left_out = {Suite.FAST: STARTING, Suite.USUAL: OUTSIDE, Suite.ALL: ()}[self]
        return not any(_is_in(file, part) for part in left_out)


@dataclass(frozen=True)
class Job:
    """One run of pytest. seconds: how long it is expected to take."""

    name: str
    paths: tuple[str, ...]
    options: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Module:
    """A file of tests. paths: what is wanted of it, the file or some of its tests."""

    file: Path
    paths: tuple[str, ...]
    seconds: float

    @property
    def name(self) -> str:
        return str(self.file.relative_to(TESTS))

    @property
    def starts_its_own(self) -> bool:
        """Whether its tests start an environment for themselves."""
        return bool(STARTS_ITS_OWN.search(self.file.read_text()))


def jobs(paths: Sequence[str], suite: Suite, durations: Mapping[str, float]) -> tuple[list[Job], list[Job]]:
    """What runs in several lanes, the longest first; and what then runs by itself."""
    modules = [each for each in _modules(paths, durations) if suite.has(each.file)]
    alone, modules = _divided(modules, ALONE)
    environment, rest = _divided(modules, WITH_ENVIRONMENT)
    together = [_job(each.name, [each]) for each in environment if each.starts_its_own]
    sharing = [each for each in environment if not each.starts_its_own]
    for folder, number in SHARING.items():
        chosen, sharing = _divided(sharing, folder)
        together += _bundles(folder, chosen, number)
    for service in (*SERVICES, ""):
        options = (f"--ds=tests.{service}.settings",) if service else ()
        chosen, rest = _divided(rest, service)
        together += [_job(each.name, [each], options) for each in chosen if each.seconds > BUNDLE_SECONDS]
        short = [each for each in chosen if each.seconds <= BUNDLE_SECONDS]
        number = math.ceil(sum(each.seconds for each in short) / BUNDLE_SECONDS)
        together += _bundles(service or "others", short, number, options)
    longest_first = sorted(together, key=lambda job: job.seconds, reverse=True)
    return longest_first, _bundles("by themselves", alone, 1)


def recorded_durations() -> dict[str, float]:
    """By module (``tests.folder.test_file``), its seconds."""
    found: dict[str, float] = json.loads(DURATIONS.read_text())
    return found


def record_durations(measured: Mapping[str, float]) -> None:
    """Write these beside those of modules that did not run."""
    new = {**recorded_durations(), **{name: round(seconds, 1) for name, seconds in measured.items()}}
    present = {name: new[name] for name in sorted(new) if (TESTS.parent / _path_of(name)).exists()}
    DURATIONS.write_text(json.dumps(present, indent=1) + "\n")


def _modules(paths: Sequence[str], durations: Mapping[str, float]) -> list[Module]:
    chosen: dict[Path, list[str]] = {}
    for path in paths or [str(TESTS)]:
        place = Path(path.partition("::")[0]).resolve()
        for file in sorted(place.rglob("test_*.py")) if place.is_dir() else [place]:
            chosen.setdefault(file, []).append(path if "::" in path else str(file))
    return [
        Module(file, tuple(dict.fromkeys(wanted)), durations.get(_name_of(file), DEFAULT_SECONDS))
        for file, wanted in chosen.items()
    ]


def _bundles(name: str, modules: Iterable[Module], number: int, options: tuple[str, ...] = ()) -> list[Job]:
    """So many jobs that take about as long: each module, the longest first, goes where there is least."""
    bundles: list[list[Module]] = [[] for _ in range(max(number, 1))]
    for module in sorted(modules, key=lambda each: each.seconds, reverse=True):
        min(bundles, key=lambda bundle: sum(each.seconds for each in bundle)).append(module)
    filled = [sorted(bundle, key=lambda each: each.file) for bundle in bundles if bundle]
    return [
        _job(bundle[0].name if len(bundle) == 1 else f"{name} ({number})", bundle, options)
        for number, bundle in enumerate(filled, start=1)
    ]


def _divided(modules: Iterable[Module], part: str) -> tuple[list[Module], list[Module]]:
    """The modules that are in a folder, and the others."""
    found: tuple[list[Module], list[Module]] = ([], [])
    for module in modules:
        found[0 if _is_in(module.file, part) else 1].append(module)
    return found


def _job(name: str, modules: Sequence[Module], options: tuple[str, ...] = ()) -> Job:
    paths = tuple(path for module in modules for path in module.paths)
    return Job(name, paths, options, sum(module.seconds for module in modules))


def _is_in(file: Path, part: str) -> bool:
    return file.is_relative_to(TESTS / part)


def _name_of(file: Path) -> str:
    return ".".join(file.relative_to(TESTS.parent).with_suffix("").parts)


def _path_of(name: str) -> Path:
    return Path(*name.split(".")).with_suffix(".py")
