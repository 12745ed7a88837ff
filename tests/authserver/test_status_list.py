"""draft-ietf-oauth-status-list-21: where a token's status stands, and the list that says it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from django.test import Client

from authserver.issued_tokens.models import IssuedToken
from authserver.issued_tokens.register import Place, find, revoke
from authserver.keys.store import signing_key_store
from authserver.status_list.places import DRAWS, OpenList, open_list
from authserver.tokens import issuing
from sender_constraint.jose.status_lists import INVALID, VALID, StatusReference, reference_of, status_list_of
from tests.authserver.caller import Caller, Verdict
from tests.sender_constraint.pki import NOW

ISSUER = "https://localhost:8441"


@pytest.fixture(autouse=True)
def _first_list(settings: Any) -> Iterator[None]:
    settings.STATUS_LIST_SIZE = 2**12
    open_list.cache_clear()
    yield
    open_list.cache_clear()


def issued(partner: Caller, verdict: Verdict) -> tuple[str, StatusReference]:
    """A token, and where it says that its status stands."""
    token = verdict.accepted(partner.asks())["access_token"]
    reference = reference_of(jwt.decode(token, options={"verify_signature": False}))
    assert reference is not None
    return token, reference


def fetched(uri: str, **headers: str) -> Any:
    return Client().get(uri.removeprefix(ISSUER), headers=headers)


def read(response: Any) -> dict[str, Any]:
    """The claims of a list, after verification by the key that the server publishes."""
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/statuslist+jwt")
    header = jwt.get_unverified_header(response.content.decode())
    key = signing_key_store().load().signing
    assert header == {"typ": "statuslist+jwt", "alg": "ES256", "kid": key.kid}
    claims: dict[str, Any] = jwt.decode(
        response.content.decode(),
        key.private_key.public_key(),
        algorithms=["ES256"],
        options={"verify_exp": False, "verify_iat": False, "verify_sub": False},
    )
    return claims


def status_of(reference: StatusReference) -> int:
    return status_list_of(read(fetched(reference.uri))["status_list"]).status(reference.index)


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §5.1")
def test_the_list_says_whose_it_is_and_how_long_it_holds(partner: Caller, verdict: Verdict) -> None:
    _, reference = issued(partner, verdict)

    claims = read(fetched(reference.uri))

    now = int(NOW.timestamp())
    assert set(claims.pop("status_list")) == {"bits", "lst"}
    assert claims == {"iss": ISSUER, "sub": reference.uri, "iat": now, "exp": now + 120, "ttl": 5}


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §7.1")
def test_a_token_is_valid_until_it_is_revoked_and_invalid_from_then_on(
    partner: Caller, verdict: Verdict
) -> None:
    token, reference = issued(partner, verdict)
    _, others = issued(partner, verdict)
    assert status_of(reference) == VALID

    record = find(token)
    assert record is not None
    assert revoke(record, NOW)
    assert not revoke(record, NOW)

    assert status_of(reference) == INVALID
    assert status_of(others) == VALID


@pytest.mark.clause("RFC 9110 §13.1.2")
def test_whoever_has_the_list_is_told_so_until_it_changes_or_grows_old(
    partner: Caller, verdict: Verdict, now: list[datetime]
) -> None:
    token, reference = issued(partner, verdict)
    first = fetched(reference.uri)
    tag = first.headers["ETag"]
    assert first.headers["Cache-Control"] == "no-cache"

    same = fetched(reference.uri, **{"If-None-Match": tag})
    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)

    now[0] = NOW + timedelta(seconds=30)
    assert fetched(reference.uri, **{"If-None-Match": tag}).status_code == 200
    now[0] = NOW

    record = find(token)
    assert record is not None
    revoke(record, NOW)
    assert fetched(reference.uri, **{"If-None-Match": tag}).status_code == 200


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §12.5")
def test_indices_are_drawn_and_not_counted(partner: Caller, verdict: Verdict) -> None:
    indices = [issued(partner, verdict)[1].index for _ in range(12)]

    assert indices != sorted(indices)
    assert len(set(indices)) == 12


def test_a_list_that_seems_to_be_full_is_followed_by_another_one(
    partner: Caller, verdict: Verdict, settings: Any
) -> None:
    settings.STATUS_LIST_SIZE = 8

    references = [issued(partner, verdict)[1] for _ in range(20)]

    assert len({(each.uri, each.index) for each in references}) == 20
    assert len({each.uri for each in references}) >= 3
    assert all(status_of(each) == VALID for each in references)


def test_a_place_that_is_taken_costs_another_draw(
    partner: Caller, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = [Place(1, 7), Place(1, 7), Place(1, 9)]
    monkeypatch.setattr(issuing, "places", lambda: iter(draws[:1]))
    issued(partner, verdict)
    monkeypatch.setattr(issuing, "places", lambda: iter(draws[1:]))

    assert issued(partner, verdict)[1] == StatusReference(f"{ISSUER}/status-lists/1", 9)


def test_one_list_is_drawn_from_until_draws_in_a_row_were_in_vain() -> None:
    opened = OpenList(3)
    drawing = opened.places(100)
    assert {next(drawing).status_list for _ in range(DRAWS)} == {3}
    assert next(drawing).status_list == 4
    assert next(opened.places(100)).status_list == 4


@pytest.mark.django_db
def test_a_list_in_which_no_token_has_a_place_is_not_found(
    now: list[datetime],  # noqa: ARG001 - a fixture used for its effect
) -> None:
    assert fetched(f"{ISSUER}/status-lists/1").status_code == 404
    for number in ("one", "-1", "0", str(2**31), "9" * 40):
        assert fetched(f"{ISSUER}/status-lists/{number}").status_code == 404


def test_a_list_that_was_larger_when_its_tokens_were_issued_stays_so(
    partner: Caller, verdict: Verdict, settings: Any
) -> None:
    _, reference = issued(partner, verdict)
    IssuedToken.objects.update(status_index=4000)
    settings.STATUS_LIST_SIZE = 64

    assert status_of(replace(reference, index=4000)) == VALID
