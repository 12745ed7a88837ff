"""RFC 7009: a client revokes its own tokens, and learns nothing of others'."""

from typing import Any

import pytest

from authserver.issued_tokens.models import IssuedToken
from authserver.issued_tokens.register import find
from authserver.keys.store import signing_key_store
from sender_constraint.jose import jws
from tests.authserver.asking_about_tokens import about
from tests.authserver.caller import Caller, Verdict
from tests.sender_constraint.pki import NOW


def revoked(caller: Caller, token: str | None, **headers: str) -> Any:
    return about(caller, "/revoke", token, **headers).asks()


def answer_of(response: Any) -> tuple[int, bytes, dict[str, str]]:
    """All that a caller sees of an answer, but for the correlation id."""
    headers = {name: value for name, value in response.headers.items() if name != "x-fapi-interaction-id"}
    return response.status_code, response.content, headers


@pytest.mark.clause("RFC 7009 §2.2")
def test_a_client_revokes_its_own_token(partner: Caller, token: str, verdict: Verdict) -> None:
    response = revoked(partner, token)

    assert (response.status_code, response.content) == (200, b"")
    issued = find(token)
    assert issued is not None
    assert issued.revoked_at == NOW
    event = verdict.trail.last()
    assert (event["event"], event["outcome"]) == ("token.revoked", "accepted")
    assert event["detail"] == {
        "jti": issued.jti,
        "audience": issued.audience,
        "of": "partner",
        "again": False,
    }
    assert token not in verdict.trail.file.read_text()


@pytest.mark.clause("RFC 7009 §2.2")
def test_to_revoke_twice_is_as_good_as_once(partner: Caller, token: str, verdict: Verdict) -> None:
    first = revoked(partner, token)
    second = revoked(partner, token)

    assert answer_of(first) == answer_of(second)
    assert verdict.trail.last()["detail"]["again"] is True


@pytest.mark.clause("RFC 7009 §2.1")
def test_another_clients_token_stays_and_looks_like_one_that_never_was(
    other_client: Caller, token: str, verdict: Verdict
) -> None:
    response = revoked(other_client, token)
    event = verdict.trail.last()
    unknown = revoked(other_client, "x" + token[1:])

    assert answer_of(response) == answer_of(unknown)
    assert response.status_code == 200
    assert (event["outcome"], event["rule"]) == ("refused", "token-revocation.own")
    assert verdict.trail.last()["rule"] == "token-revocation.issued"
    assert not IssuedToken.objects.filter(revoked_at__isnull=False).exists()


@pytest.mark.clause("RFC 7009 §2")
def test_without_authentication_nothing_is_revoked(partner: Caller, token: str, verdict: Verdict) -> None:
    verdict.refused(revoked(partner.with_certificate(), token), 401, "invalid_client", "certificate.missing")
    assert not IssuedToken.objects.filter(revoked_at__isnull=False).exists()


@pytest.mark.clause("RFC 7009 §2.1")
def test_a_request_without_a_token_is_refused(partner: Caller, verdict: Verdict) -> None:
    verdict.refused(revoked(partner, None), 400, "invalid_request", "token-parameter.missing")


@pytest.mark.clause("RFC 7009 §2.1")
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "nonsense"])
def test_a_hint_changes_nothing(partner: Caller, token: str, hint: str) -> None:
    assert about(partner, "/revoke", token).asks(token_type_hint=hint).status_code == 200
    assert IssuedToken.objects.filter(revoked_at__isnull=False).count() == 1


@pytest.mark.clause("RFC 7009 §2.2.1")
@pytest.mark.parametrize("of_type", ["statuslist+jwt", "token-introspection+jwt", "dpop+jwt"])
def test_a_jwt_that_is_no_access_token_is_of_no_supported_type(
    partner: Caller, verdict: Verdict, of_type: str
) -> None:
    other = jws.sign({"typ": of_type}, {}, signing_key_store().load().signing.private_key)

    verdict.refused(revoked(partner, other), 400, "unsupported_token_type", "token-revocation.type")


@pytest.mark.clause("RFC 7009 §2.2")
@pytest.mark.parametrize("nonsense", ["a.b.c", "e30.e30.e30", "eyJ0eXAiOiJKV1QifQ.e30.", "…"])
def test_nonsense_is_no_error(partner: Caller, verdict: Verdict, nonsense: str) -> None:
    assert revoked(partner, nonsense).status_code == 200
    assert verdict.trail.last()["rule"] == "token-revocation.issued"


@pytest.mark.clause("RFC 7009 §2.1")
def test_it_is_asked_by_post(partner: Caller, token: str, verdict: Verdict) -> None:
    caller = about(partner, "/revoke", token).but(method="GET")
    verdict.refused(caller.asks(), 405, "invalid_request", "token-request.method")
