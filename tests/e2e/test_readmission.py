"""A partner whose certificate is revoked says so, and comes back by itself with a new one-time secret."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from operations.settings.environment import REPOSITORY
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.client.caller import Caller, CallerSettings
from sender_constraint.client.errors import CallFailed
from sender_constraint.client.token_source import TokenRequest
from tests.e2e.registering import manage
from tests.waiting import eventually
from workshop.environment.local import Environment
from workshop.environment.ports import Ports

LIFETIME_SECONDS = 60
PATIENCE_SECONDS = 60.0
PARTNER = "partner_client"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """One of its own: the partner's certificate is revoked."""
    root = tmp_path_factory.mktemp("readmission")
    with Environment(root, ports=Ports.free(), lifetime_seconds=LIFETIME_SECONDS, fresh=True) as running:
        yield running


def status(environment: Environment) -> tuple[int, dict[str, Any]]:
    """Exit status and document of the partner's ``manage.py status``."""
    state = environment.deployment.states[PARTNER]
    answer = subprocess.run(
        [sys.executable, str(REPOSITORY / PARTNER / "manage.py"), "status", "--json"],
        env={**os.environ, "STATE_DIR": str(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.returncode, json.loads(answer.stdout)


def authority(environment: Environment, *command: str) -> None:
    """What the operator of the authority does."""
    manage(environment.deployment, "ca", [sys.executable, "ca/manage.py", *command])


def trouble(environment: Environment) -> set[str]:
    """In what state the partner's certificate is said to be."""
    _, document = status(environment)
    return {
        each["detail"].get("state") for each in document["alarms"] if each["name"] == "certificate-client"
    }


def test_a_revoked_partner_comes_back_with_a_new_secret_and_without_a_restart(
    environment: Environment,
) -> None:
    deployment = environment.deployment
    store = GenerationStore(deployment.certificate_store(PARTNER))
    before = environment.process_ids()
    settings = CallerSettings(
        deployment.issuer, TokenRequest("partner", "accounts", deployment.api_url), deployment.trust_bundle
    )
    with Caller(store, settings) as caller:

        def is_served() -> bool:
            try:
                return caller.request("GET", f"{deployment.api_url}/accounts").status_code == 200
            except CallFailed:
                return False

        assert is_served()
        revoked = store.current()
        serial = f"{revoked.certificate.serial_number:x}"
        authority(environment, "revoke", serial, "--reason", "keyCompromise")

        eventually(lambda: not is_served(), "the partner is refused", seconds=PATIENCE_SECONDS)
        eventually(
            lambda: trouble(environment) & {"revoked", "refused"},
            lambda: status(environment),
            seconds=PATIENCE_SECONDS,
            pause_seconds=0.5,
        )
        exit_status, _ = status(environment)
        assert exit_status == 1

        secret = deployment.states[PARTNER] / "enrolment" / "client.secret"
        authority(environment, "participant", "secret", "partner", "--secret-file", str(secret))
        eventually(is_served, lambda: status(environment), seconds=PATIENCE_SECONDS)

    renewed = store.current()
    assert renewed.certificate.public_key() != revoked.certificate.public_key()
    assert not secret.exists()
    eventually(lambda: not trouble(environment), lambda: status(environment), pause_seconds=0.5)
    assert environment.process_ids() == before


def test_the_status_of_all_says_what_is_healthy_and_what_expires(environment: Environment) -> None:
    def said() -> str:
        answer = subprocess.run(
            [
                sys.executable,
                "-m",
                "workshop.environment",
                "status",
                "--state",
                str(environment.root),
                "--tasks",
            ],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        return answer.stdout if answer.returncode == 0 else ""

    output = eventually(said, "no alarm is critical", seconds=PATIENCE_SECONDS)
    services = ("ca", "authserver", "bank_api", "partner_client", "other_partner")
    assert all(f"\n{service}: " in output for service in services)
    assert output.count(" healthy") >= 5
    assert "unhealthy" not in output
    for words in ("server certificate", "client certificate", "authority Scheme Issuing CA", "signing key"):
        assert words in output
    for task in ("certificates", "revocation-lists", "signing-keys", "expiries"):
        assert f"\n{task} " in output
