"""Names: the first relative name that differs, and how (RFC 8705 §2.1.2, RFC 4514)."""

import pytest

from sender_constraint.core.names import parse_distinguished_name
from sender_constraint.explanations.distinguished_names import compare_names
from sender_constraint.explanations.explaining import explain
from tests.sender_constraint.explanations.refusals import refused

EXPECTED = "CN=partner,O=Partner Ltd,C=GB"

CASES = {
    "CN=Partner,O=Partner Ltd,C=GB": [
        "The first difference is in relative name 3 of 3 (first in RFC 4514 order): expected CN=partner, "
        "presented CN=Partner.",
        "The values differ only in letter case; the comparison is exact.",
    ],
    "CN=partner,O=Partner  Ltd,C=GB": [
        "The first difference is in relative name 2 of 3 (second in RFC 4514 order): expected O=Partner Ltd, "
        "presented O=Partner  Ltd.",
        "The values differ only in spaces: expected 'Partner Ltd', presented 'Partner  Ltd'; the comparison "
        "is exact.",
    ],
    "OU=partner,O=Partner Ltd,C=GB": [
        "The first difference is in relative name 3 of 3 (first in RFC 4514 order): expected CN=partner, "
        "presented OU=partner.",
        "The types differ: expected CN (2.5.4.3), presented OU (2.5.4.11).",
    ],
    "CN=p\u0430rtner,O=Partner Ltd,C=GB": [
        "The first difference is in relative name 3 of 3 (first in RFC 4514 order): expected CN=partner, "
        "presented CN=p\u0430rtner.",
        "The values differ first at character 2: expected 'a', presented '\u0430' "
        "(U+0430, CYRILLIC SMALL LETTER A); the comparison is exact.",
    ],
    "C=GB,O=Partner Ltd,CN=partner": [
        "The order is reversed: RFC 4514 writes the last relative name of a certificate first, and many "
        "tools (openssl x509 -subject) write it last.",
    ],
    "O=Partner Ltd,CN=partner,C=GB": [
        "The relative names are the same, in a different order: relative name 2 of 3 "
        "(second in RFC 4514 order), expected O=Partner Ltd, presented CN=partner.",
    ],
    "O=Partner Ltd,C=GB": [
        "relative name 3 of 3 (first in RFC 4514 order) is missing: CN=partner. All others match.",
    ],
    "CN=partner,OU=IT,O=Partner Ltd,C=GB": [
        "relative name 3 of 4 (second in RFC 4514 order) is unexpected: OU=IT. All others match.",
    ],
    "CN=partner+O=Partner Ltd,C=GB": [
        "The attributes are the same, grouped differently: those joined with + form one relative name.",
    ],
}


@pytest.mark.clause("RFC 8705 §2.1.2")
@pytest.mark.parametrize(("presented", "findings"), CASES.items(), ids=CASES)
def test_the_first_relative_name_that_differs_is_told_and_how(presented: str, findings: list[str]) -> None:
    explanation = explain(refused("client.subject-dn", expected=EXPECTED, presented=presented))
    assert list(explanation.findings) == findings
    assert explanation.expected == f"the name {EXPECTED}"
    assert explanation.presented == f"the name {presented}"
    assert explanation.next_step


def test_an_empty_subject_is_told_as_such() -> None:
    comparison = compare_names(refused("client.subject-dn", expected=EXPECTED, presented="", difference="x"))
    assert comparison is not None
    assert comparison.findings[0] == "The certificate's subject is empty."


def test_a_value_without_text_form_falls_back_on_what_the_service_found() -> None:
    event = refused(
        "csr.subject", expected=EXPECTED, presented="x500UniqueIdentifier=#00", difference="there"
    )
    comparison = compare_names(event)
    assert comparison is not None
    assert comparison.findings == ("there",)


def test_a_letter_and_accent_apart_are_told_from_the_composed_letter() -> None:
    composed, apart = "CN=Caf\u00e9", "CN=Cafe\u0301"
    assert parse_distinguished_name(composed) != parse_distinguished_name(apart)
    explanation = explain(refused("client.subject-dn", expected=composed, presented=apart))
    assert "only in Unicode normalization" in explanation.findings[1]
