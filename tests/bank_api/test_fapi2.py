"""FAPI 2.0 Security Profile §5.3.4: the API under the profile."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.checks import run_checks

from bank_api import urls
from operations.settings.fapi2 import FAPI2

BEARER_ROUTE = "demo/bearer/accounts"


@pytest.fixture
def _urls_as_they_were() -> Iterator[None]:
    yield
    importlib.reload(urls)


def identifiers() -> list[str | None]:
    return [each.id for each in run_checks(tags=["bank_api"])]


def routes() -> list[str]:
    return [str(each.pattern) for each in importlib.reload(urls).urlpatterns]


@pytest.mark.clause("FAPI 2.0 §5.3.4")
@pytest.mark.usefixtures("_urls_as_they_were")
def test_no_route_takes_bearer_tokens_under_the_profile_in_a_demo_either(settings: Any) -> None:
    settings.DEMO = True
    assert BEARER_ROUTE in routes()
    settings.PROFILE = FAPI2
    assert BEARER_ROUTE not in routes()
    settings.PROFILE = ""
    routes()


@pytest.mark.clause("FAPI 2.0 §5.4.1")
def test_settings_that_contradict_the_profile_are_found_at_start(settings: Any) -> None:
    settings.DEMO = True
    settings.PROFILE = FAPI2
    assert identifiers() == []
    settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {"ISSUER_ALGORITHMS": ["ES256", "RS256"]}
    assert identifiers() == ["sender_constraint.E014"]
    settings.PROFILE = ""
    assert identifiers() == ["bank_api.W001"]
    settings.PROFILE = "FAPI2"
    assert "sender_constraint.E013" in identifiers()
