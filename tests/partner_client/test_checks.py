"""What is wrong with the settings is said at start."""

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from partner_client.checks import TAG


def ids() -> list[str | None]:
    return [message.id for message in run_checks(tags=[TAG])]


def test_the_defaults_are_good() -> None:
    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value", "number"),
    [
        ("ISSUER", "http://as.example", "E001"),
        ("ISSUER", "https://as.example?a", "E001"),
        ("API_URL", "http://api.example", "E002"),
        ("CLIENT_ID", "", "E003"),
        ("RENEWAL_CHECK_SECONDS", 0, "E004"),
    ],
)
def test_a_wrong_setting_has_its_number(settings: Settings, name: str, value: object, number: str) -> None:
    setattr(settings, name, value)

    assert ids() == [f"partner_client.{number}"]
