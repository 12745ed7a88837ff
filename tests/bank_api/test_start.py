"""Numbered checks before serving, and health."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from bank_api.accounts.views import AccountsView
from operations.alarms.service import alarms
from operations.tasks.replay_store import watch_replay_store
from sender_constraint.django.protected_resource import protected_resource
from sender_constraint.django.report_mode import ReportingTokenAuthentication
from sender_constraint.django.trust import NoTrustAnchors
from tests.bank_api.caller import Caller, Verdict
from tests.redis_server import running_redis
from tests.sender_constraint.pki import make_scheme
from workshop.environment.ports import free_port


def identifiers() -> list[str | None]:
    return [each.id for each in run_checks(tags=["bank_api", "serving"], include_deployment_checks=True)]


def test_under_demo_the_bearer_route_is_announced(settings: Any) -> None:
    assert identifiers() == ["bank_api.W001"]
    settings.DEMO = False
    assert identifiers() == []


@pytest.mark.parametrize(
    ("name", "value", "identifier"),
    [
        ("ISSUER", "http://localhost:8441", "bank_api.E001"),
        ("ISSUER", "https://localhost:8441?x", "bank_api.E001"),
        ("RESOURCE", "localhost:8442", "bank_api.E002"),
        ("RESOURCE", "https://localhost:8442/", "bank_api.E002"),
        ("RESOURCE", "https://localhost:port", "bank_api.E002"),
        ("PUBLIC_ORIGIN", "http://localhost:8442", "sender_constraint.E015"),
        ("PUBLIC_ORIGIN", "https://localhost:8442/", "sender_constraint.E015"),
        ("PUBLIC_ORIGIN", "https://localhost:port", "sender_constraint.E015"),
        ("PUBLIC_ORIGIN", "", "sender_constraint.E015"),
        ("DPOP_NONCE_SECONDS", 0, "sender_constraint.E016"),
        ("DPOP_NONCE_SECONDS", 86400, "sender_constraint.E016"),
        ("INTROSPECTIONS_PER_CERTIFICATE", 0, "sender_constraint.E020"),
        ("INTROSPECTIONS_WITHOUT_CERTIFICATE", -1, "sender_constraint.E020"),
    ],
)
def test_a_wrong_setting_is_found_at_start(settings: Any, name: str, value: object, identifier: str) -> None:
    settings.DEMO = False
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {name: value}
    assert identifiers() == [identifier]


def test_a_missing_trust_bundle_is_found_at_start(settings: Any) -> None:
    settings.DEMO = False
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {
        "TRUST_BUNDLE": settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].with_name("missing.pem")
    }
    assert identifiers() == ["sender_constraint.E001"]


@pytest.mark.clause("RFC 9449 §11.1")
def test_a_replay_store_that_evicts_is_found_at_start_and_is_an_alarm_later(
    settings: Any, tmp_path: Path
) -> None:
    def standing() -> list[str]:
        return [each.level for each in alarms().standing() if each.name == "replay-store"]

    settings.DEMO = False
    with running_redis(free_port(), tmp_path) as redis:
        settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"REDIS_URL": redis.url}
        watch_replay_store()
        assert (identifiers(), standing()) == ([], [])
        redis.client.config_set("maxmemory-policy", "allkeys-lru")
        watch_replay_store()
        assert identifiers() == ["sender_constraint.E027"]
        assert standing() == ["warning"]
        redis.client.config_set("maxmemory-policy", "noeviction")
        watch_replay_store()
        assert (identifiers(), standing()) == ([], [])
    # One that is down is no wrong setting: what needs no proof is served.
    watch_replay_store()
    assert identifiers() == []


def test_an_api_without_trust_bundle_is_away_and_has_no_defect(settings: Any) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {
        "TRUST_BUNDLE": settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].with_name("missing.pem")
    }
    with pytest.raises(NoTrustAnchors):
        protected_resource()


def test_another_trust_bundle_is_taken_for_the_issuer_too(settings: Any, tmp_path: Path) -> None:
    bundle = tmp_path / "trust-bundle.pem"
    bundle.write_bytes(settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].read_bytes())
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": bundle}
    first = protected_resource()
    assert protected_resource() is first
    bundle.write_bytes(make_scheme().root.pem)
    assert protected_resource() is not first


@pytest.mark.django_db
def test_health_is_public_and_good(verdict: Verdict) -> None:
    response = Caller((), None).get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert not verdict.trail.events()


@pytest.mark.django_db
def test_health_fails_where_the_api_would(settings: Any) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {
        "TRUST_BUNDLE": settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].with_name("missing.pem")
    }
    assert Caller((), None).get("/health").status_code == 503


def test_report_mode_is_forbidden_here(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DEMO = False
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"REPORT_ROUTES": ["accounts"]}
    assert identifiers() == ["bank_api.E010"]
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"REPORT_ROUTES": []}
    assert identifiers() == []
    monkeypatch.setattr(AccountsView, "authentication_classes", [ReportingTokenAuthentication])
    assert identifiers() == ["bank_api.E010"]


def test_whoever_asks_about_opaque_tokens_has_a_certificate_to_ask_with(settings: Any) -> None:
    settings.CERTIFICATE_STORES = {"server": settings.CERTIFICATE_STORES["server"]}
    assert "bank_api.E011" in identifiers()
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"INTROSPECTION_CLIENT_ID": ""}
    assert "bank_api.E011" not in identifiers()
