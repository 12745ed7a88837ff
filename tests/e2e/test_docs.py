"""What the documentation tells its readers to type, typed."""

from pathlib import Path

import pytest

from tests.e2e.reading import Reader, commands_of
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
