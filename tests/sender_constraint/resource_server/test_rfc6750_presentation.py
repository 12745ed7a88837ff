import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.core.errors import InvalidRequest, Refusal
from sender_constraint.resource_server import presentation
from sender_constraint.resource_server.presentation import (
    NoCredentials,
    PresentedToken,
    Scheme,
    presented_token,
    scheme_of,
)

TOKEN = "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"


@pytest.mark.clause("RFC 6750 §2.1")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "])
def test_the_token_stands_behind_the_scheme_in_any_case(scheme: str) -> None:
    assert presented_token(f"{scheme} {TOKEN}", {}) == PresentedToken(Scheme.BEARER, TOKEN)


@pytest.mark.clause("RFC 9449 §7.1")
@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP", "DPoP "])
def test_a_token_for_a_dpop_proof_has_a_scheme_of_its_own(scheme: str) -> None:
    presented = presented_token(f"{scheme} {TOKEN}", {})
    assert presented == PresentedToken(Scheme.DPOP, TOKEN)
    assert TOKEN not in repr(presented)


@pytest.mark.parametrize("authorization", [None, "", "Basic cDpw", "Bearer a", "DPoPs a"])
def test_whoever_does_not_speak_dpop_is_answered_for_bearer(authorization: str | None) -> None:
    assert scheme_of(authorization) is Scheme.BEARER
    assert scheme_of("dpop a b") is Scheme.DPOP


@pytest.mark.clause("RFC 6750 §2.1")
@pytest.mark.parametrize("token", ["a", "a==", "-._~+/0Zz", "9"])
def test_all_characters_of_a_b64token_are_accepted(token: str) -> None:
    assert presented_token(f"Bearer {token}", {}).value == token


@pytest.mark.clause("RFC 6750 §3.1")
@pytest.mark.parametrize(
    "authorization", [None, "", "Basic cDpw", f"DPoP{TOKEN}", TOKEN, f"Bearer{TOKEN}", f"Bearer:{TOKEN}"]
)
def test_without_a_bearer_token_nothing_was_presented(authorization: str | None) -> None:
    with pytest.raises(NoCredentials) as refused:
        presented_token(authorization, {})
    assert refused.value.rule is presentation.MISSING
    assert refused.value.status == 401


@pytest.mark.clause("RFC 6750 §3.1")
@pytest.mark.parametrize(
    "credentials",
    [
        "",
        " ",
        "=",
        "a=b",
        f"{TOKEN} {TOKEN}",
        f"{TOKEN},Bearer {TOKEN}",
        f"{TOKEN}, {TOKEN}",
        f'"{TOKEN}"',
        f"token={TOKEN}",
        f"{TOKEN}\n",
        f"\t{TOKEN}",
        f"{TOKEN}\0",
        "é",
    ],
)
def test_a_malformed_header_is_an_invalid_request(credentials: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        presented_token(f"Bearer {credentials}", {})
    assert refused.value.rule is presentation.MALFORMED
    assert refused.value.status == 400


@pytest.mark.clause("RFC 9700 §4.3.2")
@pytest.mark.parametrize("authorization", [None, f"Bearer {TOKEN}", "Bearer a b"])
def test_a_token_in_the_query_string_is_refused_whatever_stands_beside_it(authorization: str | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        presented_token(authorization, {"access_token": TOKEN})
    assert refused.value.rule is presentation.QUERY
    assert refused.value.status == 400


@pytest.mark.clause("RFC 6750 §2.2")
@pytest.mark.parametrize("authorization", [None, f"Bearer {TOKEN}"])
def test_a_token_in_the_body_is_refused_whatever_stands_beside_it(authorization: str | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        presented_token(authorization, {}, {"access_token": TOKEN})
    assert refused.value.rule is presentation.BODY


def test_other_parameters_are_none_of_its_business() -> None:
    assert presented_token(f"Bearer {TOKEN}", {"page": "2"}, {"amount": "1.00"}).value == TOKEN


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=40) | st.text(max_size=20).map("Bearer {}".format))
def test_any_header_raises_nothing_but_a_refusal(authorization: str) -> None:
    try:
        token = presented_token(authorization, {})
    except Refusal:
        return
    assert authorization.endswith(token.value)
