"""Clients that the tests register at the running authorization server, as its operator would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from operations.settings.environment import REPOSITORY
from tests.authserver.names_that_differ import CLIENT_IPV4, CLIENT_IPV6, CLIENT_MAILBOX, CLIENT_URI
from workshop.environment.deployment import Deployment

READER = "reader"
SPELLED_OTHERWISE = "spelled-otherwise"
COMPANY = "company"
TWO_IN_ONE = "two-in-one"
BY_URI = "by-uri"
BY_IPV4 = "by-ipv4"
BY_IPV6 = "by-ipv6"
BY_MAILBOX = "by-mailbox"

COMMON = {
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_certificate_bound_access_tokens": True,
    "grant_types": ["client_credentials"],
}


def clients(api_url: str) -> list[dict[str, Any]]:
    """Metadata (RFC 7591 §2); attribute types in any case, by OID, and one unknown to ``cryptography``."""
    names: dict[str, dict[str, Any]] = {
        READER: {
            "tls_client_auth_subject_dn": "CN=partner,O=Partner Ltd,C=GB",
            "scope": "accounts",
            "resources": [api_url],
        },
        SPELLED_OTHERWISE: {
            "tls_client_auth_subject_dn": "cn=partner,oid.2.5.4.10=Partner Ltd,countryName=GB"
        },
        COMPANY: {"tls_client_auth_subject_dn": "organizationIdentifier=PSDGB-FCA-1,O=Partner Ltd,C=GB"},
        TWO_IN_ONE: {"tls_client_auth_subject_dn": "CN=partner+UID=1,O=Partner Ltd,C=GB"},
        BY_URI: {"tls_client_auth_san_uri": CLIENT_URI},
        BY_IPV4: {"tls_client_auth_san_ip": CLIENT_IPV4},
        BY_IPV6: {"tls_client_auth_san_ip": CLIENT_IPV6},
        BY_MAILBOX: {"tls_client_auth_san_email": CLIENT_MAILBOX},
    }
    return [{**COMMON, "client_id": client_id, **metadata} for client_id, metadata in names.items()]


def register(deployment: Deployment, folder: Path) -> None:
    """Register them with ``manage.py register_client``, all in one process."""
    command = [sys.executable, "-m", "workshop.environment.management", "authserver"]
    for number, metadata in enumerate(clients(deployment.api_url)):
        file = folder / f"client-{number}.json"
        file.write_text(json.dumps(metadata))
        command += [*(["--"] if number else []), "register_client", str(file)]
    manage(deployment, "authserver", command)


def manage(deployment: Deployment, service: str, command: list[str]) -> str:
    """Run a management command of a service of this environment; what it prints."""
    environment = {**os.environ, "STATE_DIR": str(deployment.states[service])}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
