"""Keys with a passphrase, and a root's key that is not there: what goes on, and what says why it does not."""

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from pytest_django import Settings

from ca.authority.directory import AuthorityDirectory, NoAuthority, WrongPassphrase
from ca.authority.hierarchy import create_hierarchy
from ca.checks import TAG
from ca.register.configuration import utc_now
from ca.register.models import IssuedCertificate, serial_text
from tests.ca.material import MovedClock, csr, new_key

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    file.chmod(0o600)
    return file


def run(*arguments: object) -> str:
    output = io.StringIO()
    call_command(*map(str, arguments), stdout=output, stderr=output)
    return output.getvalue()


def test_with_a_passphrase_both_keys_are_encrypted_and_used(tmp_path: Path, passphrase: Path) -> None:
    hierarchy = create_hierarchy(utc_now())
    directory = AuthorityDirectory(tmp_path, passphrase)
    directory.publish(hierarchy)
    assert directory.load_root().private_key.private_numbers() == hierarchy.root.private_key.private_numbers()
    assert directory.load_issuing().certificate == hierarchy.issuing.certificate
    for file in directory.private_key_paths():
        assert file.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        with pytest.raises(TypeError):
            load_pem_private_key(file.read_bytes(), None)
        text = ["openssl", "pkey", "-in", str(file), "-passin", f"file:{passphrase}", "-noout"]
        subprocess.run(text, check=True)


@pytest.mark.parametrize(
    ("content", "mode", "complaint"),
    [
        (None, 0o600, "No such file"),
        ("", 0o600, "fewer than 20 characters.*openssl rand"),
        ("x" * 19, 0o600, "fewer than 20 characters"),
        (PASSPHRASE, 0o640, "chmod 600"),
        ("another passphrase, long enough", 0o600, "another passphrase"),
        (PASSPHRASE + "x", 0o600, "another passphrase"),
    ],
)
def test_a_passphrase_that_is_missing_weak_open_or_wrong_is_told_from_one_another(
    tmp_path: Path, passphrase: Path, settings: Settings, content: str | None, mode: int, complaint: str
) -> None:
    settings.KEYS_DIR, settings.KEY_PASSPHRASE_FILE = tmp_path, passphrase
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": tmp_path / "none"}
    AuthorityDirectory(tmp_path, passphrase).publish(create_hierarchy(utc_now()))
    assert run_checks(tags=[TAG]) == []
    passphrase.unlink()
    if content is not None:
        passphrase.write_text(content)
        passphrase.chmod(mode)
    with pytest.raises(WrongPassphrase, match=complaint):
        AuthorityDirectory(tmp_path, passphrase).load_issuing()
    (found,) = run_checks(tags=[TAG])
    assert found.id == "ca.E007"


def test_a_passphrase_without_encryption_and_the_other_way_round_say_what_to_do(
    tmp_path: Path, passphrase: Path
) -> None:
    AuthorityDirectory(tmp_path / "open").publish(create_hierarchy(utc_now()))
    with pytest.raises(WrongPassphrase, match="openssl pkcs8 -topk8"):
        AuthorityDirectory(tmp_path / "open", passphrase).load_issuing()
    AuthorityDirectory(tmp_path / "closed", passphrase).publish(create_hierarchy(utc_now()))
    with pytest.raises(WrongPassphrase, match="KEY_PASSPHRASE_FILE"):
        AuthorityDirectory(tmp_path / "closed").load_issuing()


def test_no_authority_is_founded_with_a_passphrase_that_cannot_be_used(
    tmp_path: Path, passphrase: Path
) -> None:
    passphrase.write_text("")
    directory = AuthorityDirectory(tmp_path / "keys", passphrase)
    with pytest.raises(WrongPassphrase):
        directory.publish(create_hierarchy(utc_now()))
    assert not directory.exists()


@pytest.fixture
def without_root_key(
    responders: None,  # noqa: ARG001 - made while the key was there
    settings: Settings,
    tmp_path: Path,
) -> Path:
    """The authority of the tests, whose root's key is away; returns where it belongs."""
    shutil.copytree(settings.KEYS_DIR, tmp_path / "keys")
    settings.KEYS_DIR = tmp_path / "keys"
    key = tmp_path / "keys" / "authority" / "root-private-key.pem"
    key.rename(tmp_path / "safe.pem")
    return key


def test_with_the_roots_key_in_a_safe_all_else_goes_on(
    without_root_key: Path, tmp_path: Path, clock: MovedClock
) -> None:
    assert run_checks(tags=[TAG]) == []
    file = tmp_path / "request"
    file.write_bytes(csr(new_key()))
    issued = run("issue", "--profile", "client", "--csr", file)
    assert "issuing authority is number 1" in run("publish_lists")
    leaf = x509.load_pem_x509_certificate(issued[issued.index("-----BEGIN") :].encode())
    assert "Revoked" in run("revoke", serial_text(leaf))
    said = run("publish_lists")
    assert "root authority is due, and waits" in said
    assert without_root_key.name in said
    clock.move(hours=20)
    assert "ocsp-root certificate not due" in run("enrol")
    with pytest.raises(NoAuthority, match=without_root_key.name):
        AuthorityDirectory(without_root_key.parents[1]).load_root()


def test_where_the_roots_responder_has_no_certificate_any_more_the_next_step_is_told(
    without_root_key: Path, tmp_path: Path, settings: Settings
) -> None:
    shutil.rmtree(settings.CERTIFICATE_STORES["ocsp-root"].path)
    said = run("enrol", "--wait", "0")
    assert "fetch the root's key from its safe" in said
    assert "ocsp-issuing certificate not due" in said
    (tmp_path / "safe.pem").rename(without_root_key)
    assert "ocsp-root certificate enrolled" in run("enrol", "--wait", "0")


def test_without_the_issuing_authoritys_key_the_command_says_so(
    without_root_key: Path, tmp_path: Path
) -> None:
    (without_root_key.with_name("issuing-private-key.pem")).unlink()
    file = tmp_path / "request"
    file.write_bytes(csr(new_key()))
    with pytest.raises(CommandError, match="key of the issuing authority cannot be used"):
        run("issue", "--profile", "client", "--csr", file)
    assert not IssuedCertificate.objects.filter(profile_name="client").exists()
    assert "waits" in run("publish_lists")
