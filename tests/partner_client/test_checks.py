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
    ("name", "value", "identifier"),
    [
        ("ISSUER", "http://as.example", "partner_client.E001"),
        ("ISSUER", "https://as.example?a", "partner_client.E001"),
        ("API_URL", "http://api.example", "partner_client.E002"),
        ("CLIENT_ID", "", "partner_client.E003"),
        ("RENEWAL_CHECK_SECONDS", 0, "sender_constraint.E002"),
        ("REVOCATION_SECONDS", 0, "sender_constraint.E003"),
        ("REVOCATION_SECONDS", 3601, "sender_constraint.E003"),
        ("STATUS_GRACE_SECONDS", -1, "sender_constraint.E004"),
        ("OCSP_URL", "https://ca.example/ocsp", "sender_constraint.E005"),
        ("OCSP_URL", "http:///ocsp", "sender_constraint.E005"),
        ("OCSP_URL", "http://ca.example:port/ocsp", "sender_constraint.E005"),
        ("STATUS_GRACE_SECONDS", 60, "sender_constraint.W001"),
        ("PROFILE", "FAPI2", "sender_constraint.E013"),
    ],
)
def test_a_wrong_setting_is_found_at_start(
    settings: Settings, name: str, value: object, identifier: str
) -> None:
    if name in settings.SENDER_CONSTRAINT:
        settings.SENDER_CONSTRAINT = settings.SENDER_CONSTRAINT | {name: value}
    else:
        setattr(settings, name, value)

    assert ids() == [identifier]


@pytest.mark.clause("FAPI 2.0 §5.3.3.1")
def test_under_fapi_2_endpoints_come_from_metadata_alone(settings: Settings) -> None:
    settings.TOKEN_ENDPOINT = "https://as.example/token"
    assert ids() == []
    settings.PROFILE = "fapi2"
    assert ids() == ["sender_constraint.E014"]


def test_parameters_of_a_token_request_have_a_name_and_a_value(settings: Settings) -> None:
    settings.TOKEN_PARAMETERS = ["audience=https://api.example?a=b", "empty="]
    assert ids() == []
    settings.TOKEN_PARAMETERS = ["audience", "=x"]
    assert ids() == ["partner_client.E010"]
