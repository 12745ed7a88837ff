"""RFC 7591 §2.3: the directory says who takes part, and signs what participants show to banks."""

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client
from pytest_django import Settings

from ca.authority.hierarchy import Hierarchy
from sender_constraint.jose import jws
from sender_constraint.jose.jwk import public_jwk
from tests.ca.material import PARTNER, PARTNER_DNS, PARTNER_URI, MovedClock
from tests.ca.test_commands import add, run
from tests.trail import Trail

DIRECTORY = "https://localhost:8440/directory"
WEEK_SECONDS = 7 * 24 * 60 * 60


@pytest.fixture(autouse=True)
def _partner(db: None, hierarchy: Hierarchy, tmp_path: Path) -> None:  # noqa: ARG001 - what it stands on
    secret = tmp_path / "partner.secret"
    add("partner", "--san-dns", PARTNER_DNS, "--san-uri", PARTNER_URI, "--secret-file", secret)


def statement(*options: object, participant: str = "partner") -> str:
    return run("software_statement", participant, *options).strip()


def keys(client: Client) -> Any:
    return client.get("/directory/jwks").json()["keys"]


@pytest.mark.clause("RFC 7591 §2.3")
def test_a_statement_is_signed_by_the_directorys_key_and_says_what_the_register_says(
    client: Client, clock: MovedClock, trail: Trail
) -> None:
    signed = statement("--scope", "accounts")
    header, claims = jws.header_of(signed), jws.payload_of(signed)
    (key,) = keys(client)
    assert header == {"typ": "software-statement+jwt", "kid": key["kid"], "alg": "ES256"}
    assert jws.is_signed_by(signed, public_jwk(key).key)
    assert claims.pop("jti") != jws.payload_of(statement())["jti"]
    issued_at = int(clock().timestamp())
    assert claims == {
        "iss": DIRECTORY,
        "iat": issued_at,
        "exp": issued_at + WEEK_SECONDS,
        "software_id": "partner",
        "client_name": "partner",
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": PARTNER,
        "scope": "accounts",
    }
    event = trail.last()
    assert (event["event"], event["client_id"]) == ("operator.software-statement", "partner")
    assert signed not in trail.file.read_text()


@pytest.mark.clause("RFC 8705 §2.1.2")
def test_a_statement_names_a_participant_by_one_name_of_the_operators_choice() -> None:
    claims = jws.payload_of(statement("--by", "san_dns", "--lifetime", 60, "--client-name", "Partner Ltd"))
    named = {name: value for name, value in claims.items() if name.startswith("tls_client_auth_")}
    assert named == {"tls_client_auth_san_dns": PARTNER_DNS}
    assert (claims["exp"] - claims["iat"], claims["client_name"]) == (60, "Partner Ltd")
    with pytest.raises(CommandError, match="0 names san_ip"):
        statement("--by", "san_ip")


@pytest.mark.parametrize("options", [("--lifetime", 0), ("--lifetime", 399 * 24 * 60 * 60)], ids=str)
def test_a_statement_counts_for_a_time_that_is_reasonable(options: tuple[object, ...]) -> None:
    with pytest.raises(CommandError, match="a lifetime is"):
        statement(*options)


def test_there_is_no_statement_about_somebody_unknown() -> None:
    with pytest.raises(CommandError, match="there is no participant"):
        statement(participant="nobody")


def test_the_key_is_born_once_for_the_directory_alone(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    before = keys(client)
    statement()
    statement()
    (file,) = settings.KEYS_DIR.glob("statements-*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (key,) = keys(client)
    assert before in ([], [key])
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    file.chmod(0o640)
    with pytest.raises(CommandError, match="others may use it"):
        statement()
    file.chmod(0o600)
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("a passphrase that is long enough\n" * 2)
    passphrase.chmod(0o600)
    settings.KEY_PASSPHRASE_FILE = passphrase
    with pytest.raises(CommandError, match="is not encrypted"):
        statement()
    file.rename(tmp_path / "before.pem")
    try:
        signed = statement()
        assert b"ENCRYPTED" in file.read_bytes()
        assert jws.header_of(signed)["kid"] != key["kid"]
    finally:
        (tmp_path / "before.pem").replace(file)


def test_the_directory_tells_everybody_who_takes_part(client: Client, settings: Settings) -> None:
    assert client.get("/directory/participants.json").status_code == 404
    settings.ROOT_URLCONF = "ca.public_urls"
    response = client.get("/directory/participants.json")
    assert response.headers["Content-Type"] == "application/json"
    told = response.json()
    assert told["directory"] == DIRECTORY
    (partner,) = (each for each in told["participants"] if each["name"] == "partner")
    assert partner["certificates"] == [
        {
            "profile": "client",
            "subject": PARTNER,
            "san_dns": [PARTNER_DNS],
            "san_uri": [PARTNER_URI],
            "san_ip": [],
            "san_email": [],
        }
    ]
    assert "secret" not in response.content.decode()
    statement()
    assert client.get("/directory/jwks").status_code == 200


def test_a_statement_is_dated_now() -> None:
    issued_at = datetime.fromtimestamp(jws.payload_of(statement())["iat"], UTC)
    assert abs((datetime.now(UTC) - issued_at).total_seconds()) < 60
