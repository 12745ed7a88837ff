"""The commands of the runbook, typed where everything runs; and how long everybody takes to come back."""

import contextlib
import gzip
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.checked_servers import ServerStatus
from sender_constraint.certificates.csr import new_private_key, next_request
from sender_constraint.certificates.errors import IssuerRefused
from sender_constraint.certificates.est import EstClient
from sender_constraint.certificates.generation import read_generation
from sender_constraint.certificates.generations import Generation, GenerationStore
from sender_constraint.certificates.status import StatusBook
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.errors import CallFailed
from sender_constraint.client.retries import Retries, RetryPolicy
from sender_constraint.client.token_source import TokenRequest
from tests.e2e.reading import Reader, commands_of
from tests.e2e.test_turning_servers import Quiet
from tests.waiting import eventually
from workshop.calls import Call
from workshop.environment.local import Environment
from workshop.environment.ports import Ports
from workshop.wire import Credentials, Wire

# Workers look every two seconds; long enough that nothing expires while a test looks at it.
LIFETIME_SECONDS = 60
PATIENCE_SECONDS = 60.0
PROMISE_SECONDS = 5
PAGE = "operations.md"
RUNBOOK = REPOSITORY / "docs" / PAGE


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """One of its own: in it keys are stolen and lost."""
    root = tmp_path_factory.mktemp("runbook")
    with Environment(root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True) as running:
        yield running


@dataclass
class Partner:
    """The partner as it calls; heard: by which rules servers were refused."""

    environment: Environment
    caller: Caller
    heard: list[str]

    @property
    def generation(self) -> Generation:
        return store_of(self.environment, "partner_client", "client").current()

    def calls(self) -> int | None:
        """The status of a call with the token that it has; None where it was not made."""
        try:
            return self.caller.request("GET", f"{self.environment.deployment.api_url}/accounts").status_code
        except CallFailed:
            return None

    def is_served(self) -> bool:
        return self.calls() == 200

    def is_served_anew(self) -> bool:
        """With a new token too."""
        try:
            with self.caller.binding() as binding:
                binding.tokens.discard(binding.tokens.token())
        except CallFailed:
            return False
        return self.is_served()

    def comes_back(self) -> None:
        eventually(self.is_served_anew, "the partner is served", seconds=PATIENCE_SECONDS)


@pytest.fixture
def partner(environment: Environment) -> Iterator[Partner]:
    deployment, heard = environment.deployment, list[str]()
    token = TokenRequest("partner", "accounts", deployment.api_url)
    settings = CallerSettings(deployment.issuer, token, deployment.trust_bundle)
    book = StatusBook(f"{deployment.ca_public_url}/ocsp", PROMISE_SECONDS, alarms=Quiet())
    servers = ServerStatus(book, lambda _server, refusal: heard.append(refusal.rule.identifier))
    store = store_of(environment, "partner_client", "client")
    with Caller(store, settings, servers=servers, retries=Retries(RetryPolicy(attempts=2))) as caller:
        calling = Partner(environment, caller, heard)
        calling.comes_back()
        yield calling


@pytest.fixture
def reader(environment: Environment, tmp_path: Path) -> Iterator[Reader]:
    """Who types the commands. Nobody restarts anything meanwhile."""
    before = environment.process_ids()
    yield Reader(environment.root, tmp_path)
    assert environment.process_ids() == before


def store_of(environment: Environment, service: str, purpose: str) -> GenerationStore:
    return GenerationStore(environment.deployment.states[service] / "certificates" / purpose)


def alarms(environment: Environment, service: str) -> dict[str, tuple[str, Any]]:
    """Those that stand: level and state, by name."""
    folder = environment.deployment.states[service] / "alarms"
    standing = {}
    for file in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):  # cleared meanwhile
            document = json.loads(file.read_bytes())
            standing[file.stem] = (document["level"], document["detail"].get("state"))
    return standing


def nothing_is_critical(environment: Environment) -> bool:
    return not any(
        level == "critical"
        for service in ("ca", "authserver", "bank_api", "partner_client")
        for level, _ in alarms(environment, service).values()
    )


def is_over(environment: Environment, partner: Partner) -> None:
    """Some alarms end with a call that is served."""
    eventually(
        lambda: partner.is_served() and nothing_is_critical(environment),
        lambda: [alarms(environment, service) for service in environment.deployment.states],
        seconds=PATIENCE_SECONDS,
        pause_seconds=0.2,
    )


def test_a_stolen_partner_key(environment: Environment, partner: Partner, reader: Reader) -> None:
    stolen = partner.generation
    reader.types(commands_of(PAGE, "### Stolen partner key"))
    eventually(
        lambda: partner.generation.thumbprint != stolen.thumbprint, "it enrols", seconds=PATIENCE_SECONDS
    )
    partner.comes_back()
    is_over(environment, partner)


@pytest.mark.clause("RFC 7030 §3.3.2")
def test_a_forked_lineage_is_decided_about(
    environment: Environment, partner: Partner, reader: Reader, tmp_path: Path
) -> None:
    """The thief copied the key before it was replaced; the partner rotated meanwhile, and calls on."""
    deployment, stolen = environment.deployment, partner.generation
    copied = shutil.copytree(stolen.directory, tmp_path / stolen.id)
    reader.types("./scripts/manage partner_client enrol --replace")
    partner.comes_back()
    est = EstClient(f"{deployment.ca_url}/.well-known/est", deployment.trust_bundle)
    request = next_request(new_private_key(), stolen.certificate)
    with pytest.raises(IssuerRefused, match="renewals are suspended"):
        est.reenrol(request, read_generation(copied))
    assert refusals(environment, "ca")[-1] == "renewal.forked"
    assert alarms(environment, "ca")["lineage-fork"][0] == "critical"
    assert partner.is_served()
    latest = partner.generation

    said = reader.types(commands_of(PAGE, "### Forked lineage"))

    for each in (stolen, latest):
        assert f"{each.certificate.serial_number:x}" in said
        assert each.thumbprint in said
    assert "lineage-fork" not in alarms(environment, "ca")
    eventually(
        lambda: partner.generation.thumbprint != latest.thumbprint, "it enrols", seconds=PATIENCE_SECONDS
    )
    partner.comes_back()
    is_over(environment, partner)


def test_a_stolen_server_key(environment: Environment, partner: Partner, reader: Reader) -> None:
    stolen = store_of(environment, "authserver", "server").current()
    reader.types(commands_of(PAGE, "### Stolen server key"))
    assert store_of(environment, "authserver", "server").current().thumbprint != stolen.thumbprint
    partner.comes_back()
    is_over(environment, partner)


def test_a_stolen_signing_key(environment: Environment, partner: Partner, reader: Reader) -> None:
    deployment = environment.deployment
    generation = partner.generation
    with partner.caller.binding() as binding:
        token = binding.tokens.token().value
    credentials = Credentials(generation.certificate_path, generation.private_key_path)
    before = Call("GET", f"{deployment.api_url}/accounts", token, credentials)
    wire = Wire(deployment.trust_bundle)
    assert before.send(wire).status == 200

    reader.types(commands_of(PAGE, "### Stolen signing key"))
    os.kill(environment.process_ids()["bank-api"], signal.SIGHUP)

    eventually(lambda: before.send(wire).status == 401, "the token is refused", seconds=PATIENCE_SECONDS)
    assert refusals(environment, "bank_api")[-1] == "token.unknown-key"
    partner.comes_back()


def refusals(environment: Environment, service: str) -> list[str]:
    """By which rules, oldest first."""
    lines = environment.deployment.audit_file(service).read_text().splitlines()
    return [str(each["rule"]) for each in map(json.loads, lines) if each["outcome"] == "refused"]


def test_a_backup_holds_what_there_is(environment: Environment, reader: Reader, tmp_path: Path) -> None:
    reader.types(
        commands_of(PAGE, "### Backup, and what a restored one lacks"), BACKUP=str(tmp_path / "backup")
    )
    states = environment.deployment.states
    for service, table in (
        ("ca", "register_participant"),
        ("authserver", "clients_client"),
        ("bank_api", "accounts_account"),
    ):
        assert rows(tmp_path / "backup" / service, table) == rows(states[service], table) > 0
    # An authority of its own stands up from it.
    (tmp_path / "restored").mkdir()
    (tmp_path / "backup" / "ca").rename(tmp_path / "restored" / "ca")
    bundle = str(environment.deployment.trust_bundle)
    command = [sys.executable, str(REPOSITORY / "ca" / "manage.py"), "prepare"]
    state = {"STATE_DIR": str(tmp_path / "restored" / "ca"), "TRUST_BUNDLE": bundle}
    subprocess.run(command, env=os.environ | state, check=True, capture_output=True)


def rows(folder: Path, table: str) -> int:
    with contextlib.closing(sqlite3.connect(folder / "database.sqlite3")) as database:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - ours
        return int(count)


def test_an_audit_file_is_rotated_under_traffic(
    environment: Environment, partner: Partner, reader: Reader
) -> None:
    folder = environment.deployment.audits["bank_api"]
    before = len(events(folder))
    reader.types(commands_of(PAGE, "### Rotate the audit files"))
    (rotated,) = folder.glob("audit.jsonl-*")
    partner.comes_back()
    with gzip.open(f"{rotated}.gz", "wb") as file:
        file.write(rotated.read_bytes())
    rotated.unlink()
    assert (folder / "audit.jsonl").exists()
    assert len(events(folder)) > before


def events(folder: Path) -> list[bytes]:
    lines = []
    for file in folder.glob("audit.jsonl*"):
        lines += (
            gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        ).splitlines()
    return lines


def test_a_responder_is_replaced(environment: Environment, partner: Partner, reader: Reader) -> None:
    before = [store_of(environment, "ca", each).current() for each in ("ocsp-issuing", "ocsp-root")]
    reader.types(commands_of(PAGE, "### Replace a responder"))
    after = [store_of(environment, "ca", each).current() for each in ("ocsp-issuing", "ocsp-root")]
    assert all(old.thumbprint != new.thumbprint for old, new in zip(before, after, strict=True))
    partner.comes_back()


def test_the_roots_key_is_fetched_from_its_safe_and_taken_back(
    environment: Environment, partner: Partner, reader: Reader, tmp_path: Path
) -> None:
    (tmp_path / "safe").mkdir()
    key = environment.deployment.states["ca"] / "keys" / "authority" / "root-private-key.pem"
    key.rename(tmp_path / "safe" / key.name)
    try:
        before = store_of(environment, "ca", "ocsp-root").current()
        said = reader.types(commands_of(PAGE, "### The root's key in a safe"), SAFE=str(tmp_path / "safe"))
        assert "list of the root authority is number" in said
        assert store_of(environment, "ca", "ocsp-root").current().not_after > before.not_after
        assert not key.exists()
    finally:
        (tmp_path / "safe" / key.name).rename(key)
    partner.comes_back()


def test_an_issuing_authority_is_replaced_before_its_end(
    environment: Environment, partner: Partner, reader: Reader
) -> None:
    old = issuing(environment)
    said = reader.types(commands_of(PAGE, "### Issuing authority about to end, or ended"))
    assert "issues from now on" in said
    assert issuing(environment) != old
    reader.types("./scripts/manage partner_client enrol --replace")
    assert partner.generation.chain[1].public_bytes(Encoding.PEM) == issuing(environment)
    partner.comes_back()


@pytest.mark.clause("RFC 7030 §4.2.2")
def test_a_lost_issuing_key_is_replaced_and_nobody_notices(
    environment: Environment, partner: Partner, reader: Reader
) -> None:
    (issuing_folder(environment) / "issuing-private-key.pem").unlink()
    reader.types(commands_of(PAGE, "### Lost issuing key"))
    failed = []

    def all_have_turned() -> bool:
        if not partner.is_served():
            failed.append(partner.heard[-1:])
        return all(issuer == issuing(environment) for issuer in issuers(environment))

    eventually(all_have_turned, "all have renewed", seconds=LIFETIME_SECONDS + PATIENCE_SECONDS)
    assert failed == []
    partner.comes_back()
    is_over(environment, partner)


@pytest.mark.clause("RFC 5280 §6.1.3")
def test_what_a_stolen_issuing_key_issued_is_refused_and_everybody_comes_back_by_himself(
    environment: Environment, partner: Partner, reader: Reader
) -> None:
    stolen, old = partner.generation, issuing(environment)
    began = time.monotonic()
    reader.types(commands_of(PAGE, "### Stolen issuing key"))
    typed = time.monotonic() - began
    assert issuing(environment) != old
    eventually(lambda: None if partner.is_served() else True, "it bites", seconds=PROMISE_SECONDS + 2)
    eventually(
        lambda: all(issuer == issuing(environment) for issuer in issuers(environment)),
        "all have renewed",
        seconds=PATIENCE_SECONDS,
    )
    partner.comes_back()
    seconds = time.monotonic() - began
    is_over(environment, partner)
    print(f"typed in {typed:.1f} s, everybody served again after {seconds:.1f} s")
    assert partner.generation.thumbprint != stolen.thumbprint
    assert "certificate.revoked" in partner.heard


def issuing(environment: Environment) -> bytes:
    """The certificate of the authority that issues, PEM."""
    return (issuing_folder(environment) / "issuing-certificate.pem").read_bytes()


def issuing_folder(environment: Environment) -> Path:
    """Where its files are."""
    folder = environment.deployment.states["ca"] / "keys" / "authority"
    link = folder / "current"
    return folder / link.readlink() if link.is_symlink() else folder


def issuers(environment: Environment) -> list[bytes]:
    """By whom the current certificates of all parties were issued."""
    purposes = {"ca": "server", "authserver": "server", "bank_api": "server", "partner_client": "client"}
    stores = [store_of(environment, service, purpose) for service, purpose in purposes.items()]
    return [store.current().chain[1].public_bytes(Encoding.PEM) for store in stores]


def test_keys_get_a_passphrase_and_another_one(tmp_path: Path) -> None:
    """Of an authority of its own: the processes of one that runs would have to be started anew."""
    (tmp_path / "state").mkdir()
    (tmp_path / "reader").mkdir()
    state, reader = tmp_path / "state" / "ca", Reader(tmp_path / "state", tmp_path / "reader")
    reader.types("./scripts/manage ca prepare")
    reader.types(commands_of(PAGE, "### Lost issuing key"))
    keys = [*state.glob("keys/authority/*-key.pem"), *state.glob("keys/authority/issuing-2/*-key.pem")]
    assert len(keys) == 3

    reader.types(commands_of(PAGE, "### Passphrase of the authority's keys"))
    first = [key.read_text() for key in keys]
    assert all("BEGIN ENCRYPTED PRIVATE KEY" in each for each in first)
    assert {key.stat().st_mode & 0o777 for key in keys} == {0o600}
    assert "no issues" in reader.types("./scripts/manage ca check")
    reader.types("./scripts/manage ca enrol --replace")

    (state / "passphrase").rename(state / "old")
    reader.types(commands_of(PAGE, "### Passphrase of the authority's keys"), OLD=str(state / "old"))
    assert all(key.read_text() not in first for key in keys)
    reader.types("./scripts/manage ca enrol --replace")


def named_commands() -> dict[tuple[str, str], set[str]]:
    """What the runbook says of ./scripts/manage: the options, by service and command."""
    text = re.split(r"^## ", RUNBOOK.read_text(), flags=re.MULTILINE)
    (runbook,) = [section for section in text if section.startswith("Runbook\n")]
    named: dict[tuple[str, str], set[str]] = {}
    for service, command, rest in re.findall(r"\./scripts/manage ([a-z_]+) ([a-z_]+)([^\n`|]*)", runbook):
        named.setdefault((service, command), set()).update(re.findall(r"--[a-z-]+", rest))
    return named


@pytest.mark.parametrize(("service", "command"), sorted(named_commands()))
def test_every_command_that_the_runbook_names_is_there(service: str, command: str) -> None:
    helped = [sys.executable, str(REPOSITORY / service / "manage.py"), command]
    words = [["secret"], []] if command == "participant" else [[]]
    said = "".join(
        subprocess.run([*helped, *each, "--help"], check=True, capture_output=True, text=True).stdout
        for each in words
    )
    assert named_commands()[service, command] <= set(re.findall(r"--[a-z-]+", said))
