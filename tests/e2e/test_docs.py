"""What the documentation tells its readers to type, typed."""

from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.e2e.reading import Reader, commands_of
from tests.foreign.test_in_place_of_ours import HABITS
from workshop.environment.local import Environment


@pytest.mark.clause("RFC 7030 §4.2")
def test_a_partner_is_taken_on_by_the_commands_of_the_page(environment: Environment, tmp_path: Path) -> None:
    said = Reader(environment.root, tmp_path).types(commands_of("take-on-a-partner.md"))

    assert '"name":"Partner Ltd, payroll"' in said
    old, new = (
        (tmp_path / "var" / "acme" / name).read_text() for name in ("certificate.pem", "certificate-2.pem")
    )
    assert "BEGIN CERTIFICATE" in new
    assert old != new


@pytest.mark.clause("RFC 8705 §3")
def test_one_s_own_client_calls_by_the_commands_of_the_page(environment: Environment, tmp_path: Path) -> None:
    said = Reader(environment.root, tmp_path).types(commands_of("integrate.md"))

    assert '"mtls_endpoint_aliases"' in said
    assert said.count('{"accounts": [') + said.count('{"accounts":[') == 3
    assert "no issues" in said


def test_the_page_about_foreign_servers_has_the_settings_that_were_tried_with_one() -> None:
    page = (REPOSITORY / "docs" / "integrate.md").read_text()
    _, of_bank, _ = HABITS["RS256, by OpenID, no RFC 9068"]
    assert of_bank
    for name, value in of_bank.items():
        assert f"\n{name}={value}\n" in page
    for _, bank, partner in HABITS.values():
        for name in (*bank, *partner):
            assert f"`{name}`" in page or f"`{name}," in page, name
