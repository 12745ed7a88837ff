import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sender_constraint.errors import InsufficientScope, InvalidToken
from sender_constraint.resource_server import presentation
from sender_constraint.resource_server.challenges import bearer_challenge
from sender_constraint.rules import Rule

RULE = Rule("test.rule", "RFC 6750 §3", "A rule of this test only.")


@pytest.mark.clause("RFC 6750 §3.1")
def test_without_credentials_the_challenge_has_no_error() -> None:
    assert bearer_challenge("bank") == 'Bearer realm="bank"'
    nothing = presentation.NoCredentials(presentation.MISSING, "An access token is required")
    assert bearer_challenge("bank", nothing) == 'Bearer realm="bank"'


@pytest.mark.clause("RFC 6750 §3")
def test_a_refused_token_is_named_with_code_and_description() -> None:
    refusal = InvalidToken(RULE, "The access token has expired", secret="stays inside")
    assert bearer_challenge("bank", refusal) == (
        'Bearer realm="bank", error="invalid_token", error_description="The access token has expired"'
    )


@pytest.mark.clause("RFC 6750 §3.1")
def test_a_token_that_does_not_reach_is_told_what_is_needed() -> None:
    refusal = InsufficientScope(RULE, "More is needed")
    assert bearer_challenge("bank", refusal, "accounts payments") == (
        'Bearer realm="bank", error="insufficient_scope", error_description="More is needed", '
        'scope="accounts payments"'
    )


@pytest.mark.clause("RFC 9728 §5.1")
def test_a_challenge_says_where_the_metadata_of_the_resource_is() -> None:
    url = "https://api.example/.well-known/oauth-protected-resource"
    assert bearer_challenge("bank", resource_metadata=url) == (
        f'Bearer realm="bank", resource_metadata="{url}"'
    )


@pytest.mark.parametrize("scope", ["", " ", "a ", " a", "a  b", 'a"b', "a\\b", "a\nb", "é"])
def test_a_scope_that_no_token_can_have_is_a_programming_error(scope: str) -> None:
    with pytest.raises(ValueError, match="characters"):
        bearer_challenge("bank", None, scope)


@settings(max_examples=500, deadline=None)
@given(realm=st.text(), description=st.text(), metadata=st.text())
def test_no_text_escapes_from_its_quotes(realm: str, description: str, metadata: str) -> None:
    challenge = bearer_challenge(realm, InvalidToken(RULE, description), resource_metadata=metadata)
    assert challenge.isascii()
    assert challenge.isprintable()
    unescaped = challenge.replace("\\\\", "").replace('\\"', "")
    assert unescaped.count('"') == 8
    assert unescaped.endswith('"')
