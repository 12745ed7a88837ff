"""A server that TLS refuses is refused by a rule, and told from one that is away."""

import ssl

import httpx
import pytest

from sender_constraint.client.errors import ServerRefused, ServerUnreachable, unanswered
from sender_constraint.client.server_verification import verification_refusal


def failed_with(verify_code: int) -> httpx.ConnectError:
    """As httpx raises it: what OpenSSL said is somewhere among the causes."""
    said = ssl.SSLCertVerificationError(1, "certificate verify failed")
    said.verify_code, said.verify_message = verify_code, "in OpenSSL's words"
    between = OSError("in between")
    between.__cause__ = said
    error = httpx.ConnectError("no connection")
    error.__context__ = between
    return error


@pytest.mark.clause("RFC 9525 §6")
@pytest.mark.parametrize(
    ("verify_code", "rule"),
    [
        pytest.param(9, "server.validity", id="not yet valid"),
        pytest.param(10, "server.validity", id="expired"),
        pytest.param(26, "server.purpose", id="not a server's"),
        pytest.param(62, "server.name", id="another host's"),
        pytest.param(64, "server.name", id="another address's"),
        pytest.param(18, "server.chain", id="self-signed"),
        pytest.param(20, "server.chain", id="of an unknown issuer"),
    ],
)
def test_what_openssl_says_of_a_server_is_a_rule(verify_code: int, rule: str) -> None:
    failure = unanswered("no answer", failed_with(verify_code))

    assert isinstance(failure, ServerRefused)
    assert failure.refusal.rule.identifier == rule
    assert failure.refusal.detail == {"reason": "in OpenSSL's words"}


def test_a_server_that_is_away_was_not_refused() -> None:
    away = httpx.ConnectError("connection refused")

    assert verification_refusal(away) is None
    assert isinstance(unanswered("no answer", away), ServerUnreachable)
