"""What is generated: the supervisor's configuration, the services' settings, demo.env."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from workshop.environment import demo_env
from workshop.environment.deployment import attached
from workshop.environment.local import parties_on_this_machine
from workshop.environment.parties import SERVICES, Parties
from workshop.environment.ports import Ports
from workshop.environment.programs import redis_server, services, stores
from workshop.environment.supervision import _socket_path, clean_environment, configuration

PASSWORDS = {name: f"secret-of-{name}" for name in ("operator", "bank", "partner", "other_partner")}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a name that would hurt a careless configuration."""
    return tmp_path / "my #1 ; folder"


@pytest.fixture
def parties(root: Path) -> Parties:
    made = parties_on_this_machine(root, Ports(), 60)
    made.make_folders()
    return made


def test_supervisor_reads_back_the_programs_as_they_were_meant(
    parties: Parties, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = [*stores(root, Ports(), PASSWORDS), *services(parties)]
    file = root / "run" / "supervisord.conf"
    file.parent.mkdir()
    for organisation in PASSWORDS:
        (root / "redis" / organisation).mkdir(exist_ok=True)
    file.write_text(configuration(root, programs, root / "control.sock", "pass%word"))
    for name, value in clean_environment(root).items():
        monkeypatch.setenv(name, value)
    options = ServerOptions()
    options.realize(["--configuration", str(file)])
    read = {
        process.name: process for group in options.process_group_configs for process in group.process_configs
    }
    for program in programs:
        assert read[program.name].command.startswith(_shell_quoted(program.command[0]))
        assert read[program.name].stdout_logfile == str(program.log)
        assert read[program.name].environment == dict(program.environment)
    assert options.server_configs[0]["password"] == "pass%word"
    assert options.server_configs[0]["file"] == str(root / "control.sock")


def test_stores_start_before_services_and_stop_after_them(parties: Parties, root: Path) -> None:
    programs = [*stores(root, Ports(), PASSWORDS), *services(parties)]
    text = configuration(root, programs, root / "control.sock", "password")
    assert text.index("[group:stores]") < text.index("priority = 1") < text.index("[group:services]")


def test_no_password_is_on_a_command_line(parties: Parties, root: Path) -> None:
    for program in [*stores(root, Ports(), PASSWORDS), *services(parties)]:
        assert "secret-of-" not in " ".join([*program.command, *program.environment.values()])


def test_each_service_has_settings_for_its_owner_alone(parties: Parties) -> None:
    parties.write_settings({service: {"REDIS_URL": f"redis://{service}"} for service in SERVICES})
    for service in SERVICES:
        file = parties.state(service) / "service.env"
        assert file.stat().st_mode & 0o777 == 0o600
        assert f"REDIS_URL=redis://{service}\n" in file.read_text()


def test_a_one_time_secret_is_handed_to_both_sides_and_the_enrolled_get_none(parties: Parties) -> None:
    current = parties.state("partner_client") / "certificates" / "client" / "current"
    current.mkdir(parents=True)
    entries = json.loads(parties.write_participants().read_text())
    assert {entry["name"] for entry in entries} == {
        "authserver",
        "bank-api",
        "bank-api-client",
        "partner",
        "other-partner",
        "thief",
    }
    theirs = parties.state("thief") / "enrolment" / "client.secret"
    authoritys = Path(next(entry["secret_file"] for entry in entries if entry["name"] == "thief"))
    assert theirs.read_text() == authoritys.read_text()
    assert theirs.stat().st_mode & 0o777 == 0o600
    assert not (parties.state("partner_client") / "enrolment").exists()


def test_repeating_it_keeps_a_secret_that_is_not_spent(parties: Parties) -> None:
    parties.write_participants()
    secret = (parties.state("thief") / "enrolment" / "client.secret").read_text()
    parties.write_participants()
    assert (parties.state("thief") / "enrolment" / "client.secret").read_text() == secret


def test_demo_env_gives_any_shell_the_variables_as_they_are(parties: Parties, root: Path) -> None:
    file = root / "it's demo.env"
    demo_env.write(file, parties.deployment)
    script = (
        f'{demo_env.source_command(file)}; printf "%s|" "$ISSUER" "$CLIENT_CERTIFICATE" "$OTHER_CLIENT_ID"'
    )
    for shell in ("sh", "bash"):
        printed = subprocess.run([shell, "-c", script], capture_output=True, text=True, check=True).stdout
        certificate = root / "partner_client/certificates/client/current/certificate.pem"
        assert printed == f"https://localhost:8441|{certificate}|other-partner|"
    assert all(line.startswith("export ") for line in file.read_text().splitlines())


def test_a_socket_in_a_folder_that_is_too_deep_moves_to_a_private_one(tmp_path: Path) -> None:
    shallow = _socket_path(Path("/var/run-of-a-test"))
    deep = _socket_path(tmp_path / ("d" * 120))
    assert shallow == Path("/var/run-of-a-test/control.sock")
    assert len(str(deep)) < 100
    assert deep.parent.stat().st_mode & 0o777 == 0o700
    deep.parent.rmdir()


def test_variables_describe_an_environment_in_containers() -> None:
    described = {
        "WORKSHOP_STATE": "/state",
        "WORKSHOP_AUDIT": "/audit",
        "ISSUER": "https://authserver:8441",
        "API_URL": "https://bank-api:8442",
        "CA_URL": "https://ca:8440",
        "CA_PUBLIC_URL": "http://ca:8480",
        "PARTNER_URL": "http://partner-pages:8000",
        "CA_PAGES_URL": "http://operator-pages:8001",
        "AUTHSERVER_PAGES_URL": "http://authserver-pages:8002",
        "BANK_PAGES_URL": "http://bank-pages:8003",
        "TRUST_BUNDLE": "/public/trust-bundle.pem",
        "CERTIFICATE_LIFETIME_SECONDS": "60",
    }
    deployment = attached(described)
    assert deployment is not None
    assert deployment.audit_file("bank_api") == Path("/audit/bank_api/audit.jsonl")
    assert deployment.variables()["CLIENT_KEY"].startswith("/state/partner_client/")
    assert attached({}) is None


def _shell_quoted(word: str) -> str:
    return word if word.isascii() and " " not in word else f"'{word}'"


@pytest.mark.parametrize(
    ("said", "taken"), [("v=7.0.15 sha=0", True), ("v=5.0.7 sha=0", False), ("?", False)]
)
def test_a_redis_server_on_the_path_is_taken_if_it_is_not_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, taken: bool
) -> None:
    server = tmp_path / "redis-server"
    server.write_text(f"#!/bin/sh\necho 'Redis server {said}'\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert (redis_server() == str(server)) is taken
