"""A client that registered itself (RFC 7591), by an initial access token that the bank's operator made."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from operations.settings.environment import REPOSITORY
from sender_constraint.jose.jwk import jwk_of
from workshop import operator
from workshop.asserting import Registration, new_key
from workshop.calls import Call
from workshop.environment.deployment import Deployment
from workshop.environment.own_clients import PARTNER_SUBJECT
from workshop.environment.supervision import clean_environment
from workshop.story.stage import Stage, StoryStopped, outcome_of
from workshop.wire import NO_CREDENTIALS

PARTNER = "partner"
JSON = ("Content-Type", "application/json")
BY_NAME = {
    "client_name": "Partner Ltd, by itself",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": PARTNER_SUBJECT,
}


def by_key() -> dict[str, Any]:
    """The metadata of a client with a new key, whose private half nobody needs."""
    return {
        "client_name": "Partner Ltd, by its key",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [jwk_of(new_key())]},
    }


def registration(stage: Stage, metadata: Mapping[str, Any]) -> Registration:
    """Register the partner once more, by itself. Raises LookupError where no operator is on this machine."""
    deployment = stage.deployment
    spent = initial_access_token(deployment)
    body = json.dumps(metadata).encode()
    call = Call("POST", f"{deployment.issuer}/register", spent, NO_CREDENTIALS, (JSON,), body)
    exchange = call.send(stage.wire)
    if exchange.status != 201:
        raise StoryStopped(f"the partner could not register itself: {outcome_of(exchange)}")
    told = exchange.json()
    path = str(told["registration_client_uri"]).removeprefix(deployment.issuer)
    return Registration(path, str(told["registration_access_token"]), spent, metadata)


def software_statement(deployment: Deployment, lifetime_seconds: int = 3600) -> str:
    """The partner's, by the scheme's directory (RFC 7591 §2.3). Raises LookupError where it is elsewhere."""
    arguments = ["software_statement", PARTNER, "--lifetime", str(lifetime_seconds)]
    return operator.run(deployment, arguments).strip().splitlines()[-1]


def expired_statement(deployment: Deployment) -> str:
    """One that has expired. Raises LookupError as before."""
    statement = software_statement(deployment, lifetime_seconds=1)
    time.sleep(2)
    return statement


def initial_access_token(deployment: Deployment) -> str:
    """One from the bank's operator. Raises LookupError where that is not on this machine."""
    state = deployment.states["authserver"]
    if not (state / "service.env").exists():
        raise LookupError("the authorization server is not on this machine")
    done = subprocess.run(
        [sys.executable, "-m", "workshop.environment.management", "authserver", "initial_access_token"],
        cwd=REPOSITORY,
        env=clean_environment(state.parent) | {"STATE_DIR": str(state)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LookupError(f"the operator's command failed: {done.stderr[-500:]}")
    return done.stdout.strip().splitlines()[-1]
