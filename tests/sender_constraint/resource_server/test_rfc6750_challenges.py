import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.core.errors import InsufficientScope, InvalidToken
from sender_constraint.core.rules import Rule
from sender_constraint.resource_server import presentation
from sender_constraint.resource_server.challenges import challenge, challenges
from sender_constraint.resource_server.presentation import Scheme

RULE = Rule("test.rule", "RFC 6750 §3", "A rule of this test only.")


@pytest.mark.clause("RFC 6750 §3.1")
def test_without_credentials_the_challenge_has_no_error() -> None:
    assert challenge("bank") == 'Bearer realm="bank"'
    nothing = presentation.NoCredentials(presentation.MISSING, "An access token is required")
    assert challenge("bank", nothing) == 'Bearer realm="bank"'


@pytest.mark.clause("RFC 6750 §3")
def test_a_refused_token_is_named_with_code_and_description() -> None:
    refusal = InvalidToken(RULE, "The access token has expired", secret="stays inside")
    assert challenge("bank", refusal) == (
        'Bearer realm="bank", error="invalid_token", error_description="The access token has expired"'
    )


@pytest.mark.clause("RFC 6750 §3.1")
def test_a_token_that_does_not_reach_is_told_what_is_needed() -> None:
    refusal = InsufficientScope(RULE, "More is needed")
    assert challenge("bank", refusal, "accounts payments") == (
        'Bearer realm="bank", error="insufficient_scope", error_description="More is needed", '
        'scope="accounts payments"'
    )


@pytest.mark.clause("RFC 9728 §5.1")
def test_a_challenge_says_where_the_metadata_of_the_resource_is() -> None:
    url = "https://api.example/.well-known/oauth-protected-resource"
    assert challenge("bank", resource_metadata=url) == (f'Bearer realm="bank", resource_metadata="{url}"')


@pytest.mark.clause("RFC 9449 §7.1")
@pytest.mark.clause("RFC 9449 §7.2")
def test_both_schemes_are_offered_and_the_error_stands_with_the_one_that_was_used() -> None:
    algs = 'algs="ES256 PS256 EdDSA"'
    assert challenges("bank") == f'Bearer realm="bank", DPoP realm="bank", {algs}'
    refusal = InvalidToken(RULE, "Of another key")
    error = 'error="invalid_token", error_description="Of another key"'
    assert challenges("bank", refusal, scheme=Scheme.DPOP) == (
        f'DPoP realm="bank", {error}, {algs}, Bearer realm="bank"'
    )
    assert challenges("bank", refusal) == f'Bearer realm="bank", {error}, DPoP realm="bank", {algs}'


@pytest.mark.parametrize("scope", ["", " ", "a ", " a", "a  b", 'a"b', "a\\b", "a\nb", "é"])
def test_a_scope_that_no_token_can_have_is_a_programming_error(scope: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        challenge("bank", None, scope)


@settings(max_examples=500, deadline=None)
@given(realm=st.text(), description=st.text(), metadata=st.text())
def test_no_text_escapes_from_its_quotes(realm: str, description: str, metadata: str) -> None:
    told = challenge(realm, InvalidToken(RULE, description), resource_metadata=metadata)
    assert told.isascii()
    assert told.isprintable()
    unescaped = told.replace("\\\\", "").replace('\\"', "")
    assert unescaped.count('"') == 8
    assert unescaped.endswith('"')
