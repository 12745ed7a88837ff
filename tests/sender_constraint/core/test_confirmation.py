from typing import Any

import pytest

from sender_constraint.core import confirmation
from sender_constraint.core.confirmation import (
    Confirmation,
    certificate_confirmation,
    confirmation_of,
    key_confirmation,
)
from sender_constraint.core.errors import InvalidToken
from sender_constraint.core.rules import Rule

THUMBPRINT = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"
VALID: dict[str, Any] = {"x5t#S256": THUMBPRINT}


@pytest.mark.clause("RFC 8705 §3.1")
def test_a_certificate_confirmation_is_read_back() -> None:
    assert confirmation_of({"cnf": VALID}) == Confirmation("x5t#S256", THUMBPRINT)
    made = certificate_confirmation(b"der")
    read = confirmation_of({"cnf": made})
    assert read is not None
    assert read.thumbprint == made["x5t#S256"]


@pytest.mark.clause("RFC 7800 §3.1")
@pytest.mark.parametrize("beside", [{"unknown": None}, {"x5t": "other"}, {"https://issuer.example/m": [1]}])
def test_members_that_are_no_confirmation_method_are_ignored(beside: dict[str, Any]) -> None:
    assert confirmation_of({"cnf": {**beside, **VALID}}) == Confirmation("x5t#S256", THUMBPRINT)


@pytest.mark.clause("RFC 9449 §6.1")
def test_a_key_confirmation_is_read_back() -> None:
    assert confirmation_of({"cnf": key_confirmation(THUMBPRINT)}) == Confirmation("jkt", THUMBPRINT)


def test_a_token_without_cnf_has_no_confirmation() -> None:
    assert confirmation_of({"sub": "partner"}) is None


@pytest.mark.clause("RFC 7800 §3.1")
@pytest.mark.parametrize(
    ("cnf", "rule"),
    [
        (None, confirmation.MALFORMED),
        ({}, confirmation.MALFORMED),
        ([], confirmation.MALFORMED),
        ([VALID], confirmation.MALFORMED),
        (THUMBPRINT, confirmation.MALFORMED),
        (True, confirmation.MALFORMED),
        ({**VALID, "jkt": THUMBPRINT}, confirmation.MORE_THAN_ONE),
        ({**VALID, "kid": "key"}, confirmation.MORE_THAN_ONE),
        ({**VALID, "jwk": {}, "unknown": None}, confirmation.MORE_THAN_ONE),
        ({"unknown": THUMBPRINT}, confirmation.UNKNOWN),
        ({"kid": THUMBPRINT}, confirmation.UNKNOWN),
        ({"x5t": THUMBPRINT}, confirmation.UNKNOWN),
        ({"X5T#S256": THUMBPRINT}, confirmation.UNKNOWN),
        ({"x5t#S256": THUMBPRINT + "="}, confirmation.MALFORMED_THUMBPRINT),
        ({"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}, confirmation.MALFORMED_THUMBPRINT),
        ({"x5t#S256": ""}, confirmation.MALFORMED_THUMBPRINT),
        ({"x5t#S256": None}, confirmation.MALFORMED_THUMBPRINT),
        ({"x5t#S256": [THUMBPRINT]}, confirmation.MALFORMED_THUMBPRINT),
        ({"x5t#S256": {"x5t#S256": THUMBPRINT}}, confirmation.MALFORMED_THUMBPRINT),
    ],
)
def test_any_other_cnf_is_refused_for_its_reason(cnf: object, rule: Rule) -> None:
    with pytest.raises(InvalidToken) as refused:
        confirmation_of({"cnf": cnf})
    assert refused.value.rule is rule
