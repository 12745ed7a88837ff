"""The operator's commands."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from django.conf import settings as service_settings
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from ca.authority.hierarchy import Hierarchy
from ca.register.models import Enrolment, IssuedCertificate, serial_text
from ca.register.participants import Application
from operations.settings.environment import REPOSITORY
from tests.ca.conftest import Admit
from tests.ca.material import (
    PARTNER,
    PARTNER_DNS,
    PARTNER_URI,
    MovedClock,
    basic,
    corrupted,
    csr,
    encoded,
    issued,
    new_key,
    post,
)
from tests.trail import Trail

COMMANDS = (
    "init",
    "participant",
    "issue",
    "list",
    "show",
    "prepare",
    "enrol",
    "revoke",
    "lineage",
    "publish_lists",
)

pytestmark = pytest.mark.usefixtures("db", "hierarchy")


def run(*arguments: object) -> str:
    output = io.StringIO()
    call_command(*map(str, arguments), stdout=output, stderr=io.StringIO())
    return output.getvalue()


def add(name: str = "partner", *options: object, profile: str = "client", subject: str = PARTNER) -> str:
    return run("participant", "add", name, "--profile", profile, "--subject", subject, *options)


def test_a_participant_is_added_and_enrols_with_the_secret_in_its_file(
    client: Client, tmp_path: Path, trail: Trail
) -> None:
    file = tmp_path / "enrolment" / "client.secret"
    said = add("partner", "--san-dns", PARTNER_DNS, "--san-uri", PARTNER_URI, "--secret-file", file)
    secret = file.read_text().strip()
    assert file.stat().st_mode & 0o777 == 0o600
    assert secret not in said
    assert (trail.last()["event"], trail.last()["client_id"]) == ("operator.participant", "partner")
    assert secret not in str(trail.events())
    assert f"{service_settings.EST_URL}/simpleenroll as partner" in said
    everything = [x509.DNSName(PARTNER_DNS), x509.UniformResourceIdentifier(PARTNER_URI)]
    body = encoded(csr(new_key(), names=everything))
    issued(post(client, "simpleenroll", body, authorization=basic("partner", secret)))


def test_without_a_file_the_secret_is_printed(client: Client) -> None:
    secret = add().splitlines()[0].rpartition(" ")[2]
    body = encoded(csr(new_key(), names=[]))
    issued(post(client, "simpleenroll", body, authorization=basic("partner", secret)))


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("partner", {"subject": "CN"}, "cannot be certified"),
        ("partner", {"subject": ""}, "cannot be certified"),
        ("a:b", {}, "colon"),
        ("", {}, "empty"),
        ("pärtner", {}, "ASCII"),
        ("partner", {"profile": "server"}, "needs a DNS name"),
    ],
)
def test_an_application_that_cannot_be_granted_is_refused(
    name: str, options: dict[str, str], complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        add(name, **options)
    assert not Enrolment.objects.exists()


def test_the_names_of_one_client_are_never_given_to_another(tmp_path: Path) -> None:
    add("partner", "--san-dns", PARTNER_DNS, "--san-uri", PARTNER_URI)
    secret_file = tmp_path / "secret"
    other = {"subject": "CN=other"}
    with pytest.raises(CommandError, match=r"is partner's"):
        add("other", subject="cn=partner, O=Partner Ltd, C=GB")
    with pytest.raises(CommandError, match=r"PARTNER.example is partner's"):
        add("other", "--san-dns", "PARTNER.example", "--secret-file", secret_file, **other)
    with pytest.raises(CommandError, match=r"urn:example:partner is partner's"):
        add("other", "--san-uri", PARTNER_URI, **other)
    assert not secret_file.exists()
    add("other", "--san-dns", "other.example", **other)


def test_servers_may_share_a_dns_name() -> None:
    add("one", "--san-dns", "localhost", profile="server", subject="CN=one")
    add("two", "--san-dns", "localhost", profile="server", subject="CN=two")


@pytest.fixture
def entries(tmp_path: Path) -> list[dict[str, object]]:
    return [
        {
            "name": "partner",
            "profile": "client",
            "subject": PARTNER,
            "san_dns": [PARTNER_DNS],
            "secret_file": str(tmp_path / "partner" / "client.secret"),
        },
        {
            "name": "bank-api",
            "profile": "server",
            "subject": "CN=bank-api,O=Bank plc,C=GB",
            "san_dns": ["localhost"],
            "san_uri": [],
            "secret_file": str(tmp_path / "bank" / "server.secret"),
        },
    ]


def load(tmp_path: Path, entries: object) -> str:
    file = tmp_path / "participants.json"
    file.write_text(json.dumps(entries))
    return run("participant", "load", file)


def test_a_list_is_loaded_once(client: Client, tmp_path: Path, entries: list[dict[str, object]]) -> None:
    assert load(tmp_path, entries).count(": admitted") == 2
    file = Path(str(entries[0]["secret_file"]))
    assert file.stat().st_mode & 0o777 == 0o600
    before = list(Enrolment.objects.values())
    assert load(tmp_path, entries).count(": known already") == 2
    assert list(Enrolment.objects.values()) == before
    authorization = basic("partner", file.read_text().strip())
    issued(post(client, "simpleenroll", encoded(csr(new_key())), authorization=authorization))
    file.unlink()  # as its reader does
    assert load(tmp_path, entries).count(": known already") == 2
    assert not file.exists()


def test_a_secret_that_lies_in_its_file_already_is_taken(
    client: Client, tmp_path: Path, entries: list[dict[str, object]]
) -> None:
    """A launcher of both sides puts a new one there when the participant has lost its certificate."""
    load(tmp_path, entries)
    file = Path(str(entries[0]["secret_file"]))
    delivered = "s" * 32
    file.write_text(delivered + "\n")
    assert load(tmp_path, entries).count(": admitted") == 1
    body = encoded(csr(new_key()))
    issued(post(client, "simpleenroll", body, authorization=basic("partner", delivered)))

    file.write_text("s" * 31)
    with pytest.raises(CommandError, match="fewer than 32 characters"):
        load(tmp_path, entries)
    file.chmod(0o644)
    with pytest.raises(CommandError, match="chmod 600"):
        load(tmp_path, entries)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "not JSON"),
        ("{}", "not a list"),
        ("[1]", "name, profile and subject"),
        ('[{"name": "a", "profile": "client"}]', "name, profile and subject"),
        ('[{"name": 1, "profile": "client", "subject": "CN=a"}]', "are texts"),
        ('[{"name": "a", "profile": "client", "subject": "CN=a", "san_dns": "a"}]', "lists of texts"),
        ('[{"name": "a", "profile": "client", "subject": "CN=a"}]', "no secret_file"),
        ('[{"name": "a", "profile": "x", "subject": "CN=a", "secret_file": "/nowhere/s"}]', "no profile"),
    ],
)
def test_a_list_that_is_wrong_is_refused_with_its_fault(tmp_path: Path, content: str, complaint: str) -> None:
    file = tmp_path / "participants.json"
    file.write_text(content)
    with pytest.raises(CommandError, match=complaint):
        run("participant", "load", file)


def test_a_missing_file_is_a_clean_error(tmp_path: Path) -> None:
    for arguments in (
        ("participant", "load", tmp_path / "none"),
        ("issue", "--profile", "client", "--csr", tmp_path / "none"),
    ):
        with pytest.raises(CommandError, match="No such file"):
            run(*arguments)


@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_the_operator_issues_from_a_file(
    hierarchy: Hierarchy, tmp_path: Path, trail: Trail, encoding: serialization.Encoding
) -> None:
    file, key = tmp_path / "request", new_key()
    file.write_bytes(x509.load_der_x509_csr(csr(key)).public_bytes(encoding))
    leaf, issuing = x509.load_pem_x509_certificates(
        run("issue", "--profile", "client", "--csr", file).encode()
    )
    assert leaf.public_key() == key.public_key()
    assert issuing == hierarchy.issuing.certificate
    leaf.verify_directly_issued_by(issuing)
    assert IssuedCertificate.objects.get(serial=serial_text(leaf)).enrolment is None
    event = trail.last()
    assert (event["event"], event["outcome"]) == ("operator.issue", "accepted")
    assert event["detail"]["serial"] == serial_text(leaf)


@pytest.mark.parametrize(
    ("profile", "content", "complaint"),
    [
        ("client", corrupted(csr(new_key())), "csr.signature"),
        ("server", csr(new_key(), names=[]), "csr.server-name"),
        ("client", csr(new_key(), x509.Name([]), []), "names nobody"),
        ("client", b"-----BEGIN NOTHING-----", "holds no certification request"),
        ("client", b"", "csr.size"),
    ],
)
def test_the_operator_is_told_why_a_request_is_refused(
    tmp_path: Path, profile: str, content: bytes, complaint: str
) -> None:
    file = tmp_path / "request"
    file.write_bytes(content)
    with pytest.raises(CommandError, match=complaint):
        run("issue", "--profile", profile, "--csr", file)
    assert not IssuedCertificate.objects.exists()


def test_a_client_without_a_subject_is_certified_by_hand_under_its_alternative_name(tmp_path: Path) -> None:
    file = tmp_path / "request"
    file.write_bytes(csr(new_key(), x509.Name([])))
    leaf = x509.load_pem_x509_certificate(run("issue", "--profile", "client", "--csr", file).encode())
    assert leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_the_register_is_listed_and_shown(client: Client, admitted: Admit, clock: MovedClock) -> None:
    partner = admitted(Application("partner", "client", PARTNER, (PARTNER_DNS,)))
    admitted(Application("other", "client", "CN=other"))
    body = encoded(csr(new_key()))
    certificate = issued(post(client, "simpleenroll", body, authorization=partner.authorization))
    serial = serial_text(certificate)

    listed = run("list")
    assert f"partner: client {PARTNER} ({PARTNER_DNS}), secret spent" in listed
    assert "other: client CN=other (no alternative names), secret unused" in listed
    assert serial in listed
    assert "valid" in listed
    assert serial not in run("list", "--participant", "other")
    clock.move(days=2)
    assert "expired" in run("list", "--participant", "partner")

    colons = ":".join(f"{certificate.serial_number:040X}"[i : i + 2] for i in range(0, 40, 2))
    for written in (serial, colons):
        shown = run("show", written)
        assert PARTNER in shown
        assert f"DNSName {PARTNER_DNS}" in shown
        assert x509.load_pem_x509_certificate(shown[shown.index("-----") :].encode()) == certificate
    IssuedCertificate.objects.update(revoked_at=clock.now, revocation_reason="superseded")
    assert "superseded" in run("show", serial)
    with pytest.raises(CommandError, match="no certificate with the serial number 1234"):
        run("show", "1234")


def test_init_says_what_exists(hierarchy: Hierarchy) -> None:
    said = run("init")
    assert said.startswith("Found the authority")
    assert hierarchy.root.certificate.subject.rfc4514_string() in said


def test_commands_without_an_authority_say_what_to_do(tmp_path: Path, settings: Settings) -> None:
    settings.KEYS_DIR = tmp_path
    file = tmp_path / "request"
    file.write_bytes(csr(new_key()))
    with pytest.raises(CommandError, match="authority"):
        run("issue", "--profile", "client", "--csr", file)
    with pytest.raises(CommandError, match="restore the authority"):
        run("init")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_from_any_directory(command: str, tmp_path: Path) -> None:
    helped = subprocess.run(
        [sys.executable, REPOSITORY / "ca" / "manage.py", command, "--help"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert helped.stdout.startswith("usage: manage.py " + command)
