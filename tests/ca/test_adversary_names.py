"""Names that a request carries into the operator's terminal."""

import io
from pathlib import Path

import pytest
from cryptography import x509
from django.core.management import call_command

from tests.ca.material import csr, new_key

pytestmark = pytest.mark.usefixtures("db", "hierarchy", "clock")

TITLE_AND_CLEAR = "\x1b]0;mine\x07\x1b[2J"


@pytest.mark.clause("RFC 4514 §2.4")
def test_what_the_operator_is_shown_of_a_certificate_are_lines_of_our_own(tmp_path: Path) -> None:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"a{TITLE_AND_CLEAR}\r\nSerial: 00")])
    names = [x509.DNSName(f"b{TITLE_AND_CLEAR}\nSerial: 11"), x509.UniformResourceIdentifier("urn:\x1b[31m")]
    (tmp_path / "request").write_bytes(csr(new_key(), subject, names))

    said, told = io.StringIO(), io.StringIO()
    call_command("issue", "--profile", "client", "--csr", tmp_path / "request", stdout=said, stderr=told)
    serial = told.getvalue().split()[1].rstrip(",")
    for command in (("list",), ("show", serial)):
        output = io.StringIO()
        call_command(*command, stdout=output, stderr=output)
        assert all(line.isprintable() for line in output.getvalue().split("\n"))
        assert "\nSerial: " not in output.getvalue()
