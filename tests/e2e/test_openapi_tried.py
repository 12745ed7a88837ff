"""Schemathesis tries what the OpenAPI documents say, over real sockets: no server error, nothing unsaid.

Each run has the partner's certificate, a token that is bound to it, and a seed, so that it can be repeated.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.calling import APICaller
from workshop.environment.deployment import Deployment
from workshop.wire import Credentials

PROGRAM = Path(sys.executable).with_name("st")
SEED = 20260301
EXAMPLES = 15
LONGEST_SECONDS = 120

# What is well formed by the document may be refused for what it means: an IBAN's check digits, a name that
# nobody registered. A document cannot say that.
NOT_CHECKED = "positive_data_acceptance"


def tried(
    origin: str,
    credentials: Credentials,
    deployment: Deployment,
    folder: Path,
    headers: dict[str, str],
    **parameters: str,
) -> str:
    """What Schemathesis says of the document at ``/openapi.json``. parameters: values that are there."""
    # In a file, since command lines are public.
    lines = ["[headers]", *(f"{name} = {json.dumps(value)}" for name, value in headers.items())]
    lines += ["[parameters]", *(f'"path.{name}" = {json.dumps(value)}' for name, value in parameters.items())]
    configuration = folder / "schemathesis.toml"
    configuration.write_text("\n".join(lines))
    command = [
        str(PROGRAM), "--config-file", str(configuration), "run", f"{origin}/openapi.json",
        "--tls-verify", str(deployment.trust_bundle),
        "--request-cert", str(credentials.certificate), "--request-cert-key", str(credentials.private_key),
        "--checks", "all", "--exclude-checks", NOT_CHECKED, "--warnings", "off",
        "--max-examples", str(EXAMPLES), "--seed", str(SEED), "--no-color",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def requests_in(report: str) -> int:
    """How many requests were made and passed: all of them, or the run had failed."""
    found = re.search(r"(\d+) generated, (\d+) passed", report)
    assert found is not None, report
    return int(found[2])


@pytest.mark.clause("RFC 9110 §15.6.1")
def test_the_api_answers_whatever_its_document_allows_and_forbids(
    api: APICaller, deployment: Deployment, tmp_path: Path
) -> None:
    report = tried(
        api.url,
        api.credentials,
        deployment,
        tmp_path,
        {"Authorization": f"Bearer {api.token}"},
        account_id=api.account(),
    )
    assert "7 selected / 7 total" in report
    assert requests_in(report) > 200


@pytest.mark.clause("RFC 9110 §15.6.1")
def test_the_authorization_server_answers_whatever_its_document_allows_and_forbids(
    api: APICaller, deployment: Deployment, tmp_path: Path
) -> None:
    report = tried(deployment.issuer, api.credentials, deployment, tmp_path, {})
    assert "12 selected / 12 total" in report
    assert requests_in(report) > 50
