"""The page of settings is generated from the code, and a setting without a description is an error."""

import pytest

from tools import settings


def test_descriptions_of_settings_come_from_the_comments_above_them() -> None:
    described = settings.descriptions()
    assert described["MAX_BODY_BYTES"] == "Maximum size of a request body, in bytes. Above it: 413."
    assert described["PARTICIPANT"].startswith("Participant name at the certificate authority")


def test_a_setting_has_the_services_that_read_it_and_their_defaults() -> None:
    by_name = {each.name: each for each in settings.settings()}
    assert by_name["PUBLIC_BIND"].defaults == {"ca": None}
    assert by_name["STATE_DIR"].defaults["bank_api"] == "var/bank_api"
    assert by_name["CLIENT_PARTICIPANT"].description == by_name["PARTICIPANT"].description
    assert by_name["RENEWAL_CHECK_SECONDS"].defaults == {
        "ca": "2880",
        "authserver": "60",
        "bank_api": "60",
        "partner_client": "60",
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"MAX_BODY_BYTES": None}, "MAX_BODY_BYTES has no description"),
        ({"UNHEARD_OF": "Not a setting."}, "read by no service: UNHEARD_OF"),
    ],
)
def test_an_undescribed_or_unread_setting_is_an_error(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str | None], message: str
) -> None:
    described = settings.descriptions() | changed
    remaining = {name: text for name, text in described.items() if text is not None}
    monkeypatch.setattr(settings, "descriptions", lambda: remaining)
    with pytest.raises(LookupError, match=message):
        settings.page()


def test_the_page_is_up_to_date() -> None:
    assert settings.main(["--check"]) == 0
