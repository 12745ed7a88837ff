"""A machine whose processors and disk are busy: no caller is refused for that, and revoked ones still are."""

import json
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.e2e.calling import TokenCaller
from tests.e2e.hostile.busy_machine import Order, busy_machine, calling
from tests.e2e.minting import Mint
from tests.e2e.test_revocation import PROMISE_SECONDS, revoked_since
from tests.sender_constraint.pki import Issued
from tests.waiting import eventually
from workshop.environment.deployment import Deployment
from workshop.story.partner import FORM
from workshop.story.stage import Stage
from workshop.wire import Credentials

SERVICES = ("authserver", "bank_api")
LOAD_SECONDS = 60
CALLERS = 64
# They see when the revocation reaches the services: each of them waits for its turn among the others.
REVOKED_CALLERS = 8
STALE = {"certificate.status-stale", "token.status-stale"}
ALARMS = {"certificate-status", "token-status-stale", "ocsp-staple"}


def orders(stage: Stage, deployment: Deployment, credentials: Credentials) -> Mapping[str, Order]:
    """To ask for a token again and again, and to call the API with one."""
    clients = TokenCaller(stage.wire, f"{deployment.issuer}/token", credentials)
    token = str(clients.asks().json()["access_token"])
    asking = Order(
        port=int(urlsplit(deployment.issuer).port or 443),
        trust_bundle=str(deployment.trust_bundle),
        certificate=str(credentials.certificate),
        private_key=str(credentials.private_key),
        method="POST",
        path="/token",
        headers=FORM,
        body=clients.body().decode(),
        connections=CALLERS,
        seconds=LOAD_SECONDS,
    )
    reading = replace(
        asking,
        port=int(urlsplit(deployment.api_url).port or 443),
        method="GET",
        path="/accounts",
        headers={"Authorization": f"Bearer {token}"},
        body="",
    )
    return {"token endpoint": asking, "API": reading}


def recorded_since(deployment: Deployment, since: float) -> list[dict[str, Any]]:
    """What the bank's services wrote into their audit trails."""
    lines = [
        json.loads(line)
        for service in SERVICES
        for line in (deployment.audits[service] / "audit.jsonl").read_text().splitlines()
    ]
    start = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since))
    return [line for line in lines if line["time"] >= start]


def served_by(deployment: Deployment, since: float, certificate: Issued) -> set[str]:
    """Which services have answered a caller with this certificate."""
    thumbprint = certificate_thumbprint(certificate.der)
    return {
        event["service"]
        for event in recorded_since(deployment, since)
        if event.get("thumbprint") == thumbprint and event["outcome"] == "accepted"
    }


def revoke_own(stage: Stage, deployment: Deployment, mint: Mint, certificate: Issued) -> float:
    """Revoke a certificate as its holder can; since when the register says so, in wall-clock seconds."""
    answer = stage.wire.send(
        "POST",
        f"{deployment.ca_url}/revoke",
        mint.credentials(certificate),
        headers=FORM,
        body=b"reason=keyCompromise",
    )
    assert answer.status == 200, answer
    return revoked_since(deployment, f"{certificate.certificate.serial_number:x}")


@pytest.mark.clause("RFC 6960 §3.2")
def test_a_busy_machine_is_no_outage_and_a_revocation_counts_there_too(
    stage: Stage, deployment: Deployment, mint: Mint, tmp_path: Path
) -> None:
    certificate = mint.certificate()
    lasting = orders(stage, deployment, mint.credentials(mint.certificate()))
    revoked = {
        name: replace(order, connections=REVOKED_CALLERS)
        for name, order in orders(stage, deployment, mint.credentials(certificate)).items()
    }
    began = time.time()
    with ExitStack() as stack:
        stack.enter_context(busy_machine(tmp_path))
        served = {name: stack.enter_context(calling(order)) for name, order in lasting.items()}
        ended = {name: stack.enter_context(calling(order)) for name, order in revoked.items()}
        eventually(
            lambda: served_by(deployment, began, certificate) == set(SERVICES), "calls", seconds=LOAD_SECONDS
        )
        revoked_at = revoke_own(stage, deployment, mint, certificate)
        outcomes = {name: outcome() for name, outcome in served.items()}
        refusals = {name: outcome() for name, outcome in ended.items()}

    for name, outcome in outcomes.items():
        print(f"{name}: {outcome}", file=sys.stderr)
        assert set(outcome.ends) == {"200"}, (name, outcome)
    for name, outcome in refusals.items():
        print(f"{name}, revoked: {outcome}", file=sys.stderr)
        assert set(outcome.ends) == {"200", "401"}, (name, outcome)
        assert outcome.last_sent["200"] < revoked_at + PROMISE_SECONDS, (name, outcome, revoked_at)
        assert outcome.last_sent["401"] > revoked_at + PROMISE_SECONDS, (name, outcome, revoked_at)
    recorded = recorded_since(deployment, began)
    assert [event for event in recorded if event.get("rule") in STALE] == []
    raised = [event["detail"]["alarm"] for event in recorded if event["event"] == "alarm.raised"]
    assert ALARMS.isdisjoint(raised)
