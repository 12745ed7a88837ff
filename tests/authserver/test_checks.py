"""The numbered checks: a wrong setting is said at start."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import run_checks

from authserver.checks import TAG
from authserver.clients.registered_client import RegisteredClient
from authserver.keys.store import SigningKeyStore
from operations.settings.checks import SERVING
from tests.authserver.asserting import METADATA

pytestmark = pytest.mark.django_db  # clients are announced


def ids(tag: str = TAG) -> list[str | None]:
    return [message.id for message in run_checks(tags=[tag], include_deployment_checks=True)]


def test_the_defaults_are_good() -> None:
    assert ids() == []
    assert ids(SERVING) == []


@pytest.mark.parametrize("issuer", ["https://as.example", "https://as.example:8441", "https://[::1]:8441"])
def test_an_https_origin_is_an_issuer(settings: Any, issuer: str) -> None:
    settings.ISSUER = issuer
    assert ids() == []


@pytest.mark.clause("RFC 8414 §2")
@pytest.mark.parametrize(
    "issuer",
    [
        "",
        "as.example",
        "http://as.example",
        "https://",
        "https://as.example/",
        "https://as.example/path",
        "https://as.example?query",
        "https://as.example#fragment",
        "https://user@as.example",
        "https://as.example:port",
        "https://[as.example",
    ],
)
def test_anything_else_is_no_issuer(settings: Any, issuer: str) -> None:
    settings.ISSUER = issuer
    assert ids() == ["authserver.E001"]


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
def test_a_lifetime_is_between_a_second_and_a_day(settings: Any, seconds: int) -> None:
    settings.ACCESS_TOKEN_LIFETIME_SECONDS = seconds
    assert ids() == ["authserver.E003"]


@pytest.mark.parametrize("resources", [[], ["localhost"], ["https://api.example#x"]])
def test_resources_are_absolute_uris(settings: Any, resources: list[str]) -> None:
    settings.RESOURCES = resources
    assert ids() == ["authserver.E004"]


@pytest.mark.parametrize("scopes", [[], ["a b"], ["é"]])
def test_scopes_are_scope_values(settings: Any, scopes: list[str]) -> None:
    settings.SCOPES = scopes
    assert ids() == ["authserver.E005"]


def test_unbound_tokens_are_announced(settings: Any) -> None:
    settings.DEMO = True
    assert ids() == ["authserver.W001"]


@pytest.mark.parametrize(
    ("lifetime", "max_age", "token", "problems"),
    [
        (11, 1, 300, []),
        (11, 0, 300, []),
        (306, 300, 300, []),
        (10, 1, 300, ["authserver.E007"]),
        (305, 300, 300, ["authserver.E007"]),
        (86_400, -1, 300, ["authserver.E006"]),
        (11, 1, 3600, ["authserver.E008"]),
    ],
)
def test_keys_sign_for_longer_than_the_next_one_has_to_be_published_before(
    settings: Any, lifetime: int, max_age: int, token: int, problems: list[str]
) -> None:
    settings.SIGNING_KEY_LIFETIME_SECONDS = lifetime
    settings.JWKS_MAX_AGE_SECONDS = max_age
    settings.ACCESS_TOKEN_LIFETIME_SECONDS = token
    assert ids() == problems


def test_a_server_without_trust_bundle_does_not_start(settings: Any, tmp_path: Any) -> None:
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"TRUST_BUNDLE": tmp_path / "missing.pem"}
    assert ids(SERVING) == ["sender_constraint.E001"]
    settings.SENDER_CONSTRAINT["TRUST_BUNDLE"].write_text("no PEM")
    assert ids(SERVING) == ["sender_constraint.E001"]


def test_a_server_without_signing_key_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("authserver.checks.signing_key_store", lambda: SigningKeyStore(tmp_path))
    assert ids(SERVING) == ["authserver.E002"]


@pytest.mark.parametrize("size", [0, 1023, 8 * 1024 * 1024 + 1])
def test_a_status_list_has_room_and_can_be_kept_in_memory(settings: Any, size: int) -> None:
    settings.STATUS_LIST_SIZE = size
    assert ids() == ["authserver.E013"]


@pytest.mark.clause("FAPI 2.0 §5.3.2.1")
def test_clients_whose_assertions_may_name_the_token_endpoint_are_announced_before_serving(
    registered: Callable[..., RegisteredClient], settings: Any
) -> None:
    registered(**METADATA)
    assert ids(SERVING) == []
    registered(**METADATA, assertion_audience_token_endpoint=True)
    (message,) = run_checks(tags=[SERVING], include_deployment_checks=True)
    assert message.id == "authserver.W021"
    assert message.msg == "1 clients may use the token endpoint as the audience of assertions: asserting."
    settings.PROFILE = "fapi2"  # where none may
    assert "authserver.W021" not in ids(SERVING)
