"""The partner by ``private_key_jwt`` and DPoP, as a process of its own: it has no certificate anywhere."""

import json
import subprocess
import sys

import pytest

from operations.settings.environment import REPOSITORY
from tests.e2e.registering import manage
from tests.foreign.services import Service
from tests.trail import Trail
from workshop.environment.deployment import Deployment

CLIENT = "keys-alone"
# What its worker does, once: the tasks that the settings declare.
TASKS = """
import django
django.setup()
from importlib import import_module
from operations.tasks.background import declared_tasks
for each in declared_tasks():
    import_module(each.module)
from celery import current_app
for each in declared_tasks():
    current_app.tasks[each.celery_name]()
"""


@pytest.fixture(scope="module")
def partner(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """As the documents say: settings, ``prepare``, ``enrol``, ``jwks``, and the bank registers it."""
    tmp_path = tmp_path_factory.mktemp("keys-alone")
    settings = {
        "ISSUER": deployment.issuer,
        "API_URL": deployment.api_url,
        "TRUST_BUNDLE": str(deployment.trust_bundle),
        "OCSP_URL": f"{deployment.ca_public_url}/ocsp",
        "CLIENT_ID": CLIENT,
        "SCOPE": "accounts",
        "CLIENT_AUTH_METHOD": "private_key_jwt",
        "TOKEN_BINDING": "dpop",
    }
    service = Service("partner_client", tmp_path / "keys-alone", settings)
    service.did("prepare")
    assert "the settings declare no certificate" in service.did("enrol")
    client = tmp_path / "client.json"
    client.write_text(
        json.dumps(
            {
                "client_id": CLIENT,
                "token_endpoint_auth_method": "private_key_jwt",
                "jwks": json.loads(service.did("jwks")),
                "dpop_bound_access_tokens": True,
                "grant_types": ["client_credentials"],
                "scope": "accounts",
            }
        )
    )
    for name, *arguments in (
        ("authserver", "register_client", str(client)),
        ("bank_api", "open_account", CLIENT, "GB24EXMP20000012345679"),
    ):
        manage(deployment, name, [sys.executable, f"{name}/manage.py", *arguments])
    return service


@pytest.mark.clause("RFC 7523 §2.2")
@pytest.mark.clause("RFC 9449 §7.1")
def test_it_starts_gets_tokens_and_calls_with_no_certificate_at_all(
    partner: Service, deployment: Deployment
) -> None:
    trails = [Trail(deployment.audit_file(name)) for name in ("authserver", "bank_api")]
    assert "no issues" in partner.did("check", "--tag", "partner_client")
    assert "available" in partner.did("accounts")

    assert list(partner.state.rglob("generations")) == []
    for trail in trails:
        # A new epoch of the replay store asks for a nonce first (RFC 9449 §8).
        own = [
            each
            for each in trail.events()
            if each.get("client_id") == CLIENT and each.get("error") != "use_dpop_nonce"
        ]
        assert own
        assert all(each["outcome"] == "accepted" and each.get("thumbprint") is None for each in own)


def test_its_background_tasks_and_its_status_miss_no_certificate(partner: Service) -> None:
    # Left from an earlier start, with other settings.
    stale = partner.state / "alarms" / "certificate-client.json"
    stale.parent.mkdir(exist_ok=True)
    at = "2026-01-01T00:00:00+00:00"
    alarm = {"name": "certificate-client", "level": "critical", "message": "missing", "since": at}
    stale.write_text(json.dumps({**alarm, "told_at": at, "detail": {}}))
    ran = subprocess.run(
        [sys.executable, "-c", TASKS],
        cwd=REPOSITORY,
        env=partner.environment | {"DJANGO_SETTINGS_MODULE": "partner_client.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    status = json.loads(partner.did("status", "--json"))
    assert (status["state"], status["alarms"]) == ("ok", [])
    assert not [each for each in status["expiries"] if "client" in each["name"]]
