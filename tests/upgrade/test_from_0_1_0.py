"""What version 0.1.0 kept on disk is used as it is. Its databases are here as SQL, without their users."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from environ import ImproperlyConfigured

from authserver.keys.signing_keys import signing_key
from operations.settings import state_format
from operations.settings.environment import ServiceEnvironment
from workshop.environment.local import parties_on_this_machine
from workshop.environment.ports import Ports
from workshop.environment.running import CannotStart

REPOSITORY = Path(__file__).resolve().parents[2]
DUMPS = Path(__file__).parent / "from_0_1_0"
SERVICES = ("ca", "authserver", "bank_api", "partner_client")


def manage(service: str, state: Path, *command: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, REPOSITORY / service / "manage.py", *command],
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        | {"STATE_DIR": str(state), "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def succeeds(service: str, state: Path, *command: str) -> str:
    status, said = manage(service, state, *command)
    assert status == 0, said
    return said


def kept_by_0_1_0(service: str, state: Path) -> sqlite3.Connection:
    state.mkdir()
    database = sqlite3.connect(state / "database.sqlite3")
    database.executescript((DUMPS / f"{service}.sql").read_text())
    return database


def rows(database: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return database.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()  # noqa: S608 - tables named here


@pytest.mark.parametrize(
    ("service", "table", "count"),
    [
        ("ca", "register_issuedcertificate", 10),
        ("authserver", "clients_client", 11),
        ("bank_api", "accounts_transaction", 7),
    ],
)
def test_a_database_is_brought_up_to_date_and_keeps_its_rows(
    service: str, table: str, count: int, tmp_path: Path
) -> None:
    database = kept_by_0_1_0(service, tmp_path / service)
    before = rows(database, table)
    assert len(before) == count
    succeeds(service, tmp_path / service, "migrate", "--no-input")
    after = rows(database, table)
    assert [row[: len(before[0])] for row in after] == before


def test_the_register_of_certificates_is_read(tmp_path: Path) -> None:
    kept_by_0_1_0("ca", tmp_path / "ca").close()
    succeeds("ca", tmp_path / "ca", "migrate", "--no-input")
    said = succeeds("ca", tmp_path / "ca", "list", "--participant", "other-partner")
    assert "CN=other-partner,O=Other Partner Ltd,C=GB" in said


def test_the_key_that_signs_tokens_stays(tmp_path: Path) -> None:
    state = tmp_path / "authserver"
    kept_by_0_1_0("authserver", state).close()
    key = signing_key(ec.generate_private_key(ec.SECP256R1()))
    (state / "keys").mkdir(mode=0o700)
    pem = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (state / "keys" / f"{key.kid}.pem").write_bytes(pem)
    (state / "keys" / f"{key.kid}.pem").chmod(0o600)
    (state / "keys" / "signing").symlink_to(f"{key.kid}.pem")
    life = {
        "published_at": "2026-11-30T21:53:25.220254+00:00",
        "signs_from": "2026-11-30T21:53:25.220254+00:00",
        "signed_until": None,
        "withdrawn_at": None,
        "longest_token_seconds": 300,
        "turn_requested": False,
    }
    (state / "keys" / "phases.json").write_text(json.dumps({key.kid: life}))
    assert f"signing key {key.kid}" in succeeds("authserver", state, "prepare")
    succeeds("authserver", state, "rotate_signing_key")
    kept = json.loads((state / "keys" / "phases.json").read_text())
    assert kept[key.kid]["published_at"] == life["published_at"]
    assert len(kept) == 2


@pytest.mark.parametrize("service", ["authserver", "bank_api", "partner_client"])
def test_a_service_records_the_format_of_its_state_and_refuses_another(service: str, tmp_path: Path) -> None:
    state = tmp_path / service
    succeeds(service, state, "prepare")
    assert (state / "state-format").read_text() == "1\n"
    (state / "state-format").write_text("2\n")
    status, said = manage(service, state, "check")
    assert status != 0
    assert f"{state} has the state format '2', and this version reads format 1" in said
    assert "Start that version, or use another folder" in said


@pytest.mark.parametrize("service", SERVICES)
def test_no_process_starts_on_a_format_that_it_does_not_read(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    assert ServiceEnvironment(service).state == tmp_path
    state_format.record(tmp_path)
    assert ServiceEnvironment(service).state == tmp_path
    (tmp_path / "state-format").write_text("later\n")
    with pytest.raises(ImproperlyConfigured, match="has the state format 'later'"):
        ServiceEnvironment(service)


def test_an_environment_does_not_start_on_a_format_that_it_does_not_read(tmp_path: Path) -> None:
    parties = parties_on_this_machine(tmp_path, Ports(), 60)
    parties.make_folders()
    (tmp_path / "bank_api" / "state-format").write_text("2\n")
    with pytest.raises(CannotStart, match="bank_api has the state format '2'"):
        parties.make_folders()
