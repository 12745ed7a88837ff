"""What is written down of an issued token, how long, and what that costs."""

import io
import statistics
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authserver.issued_tokens import one_time_use, tasks
from authserver.issued_tokens.models import IssuedToken, OneTimeUse
from authserver.issued_tokens.register import (
    KEPT_AFTER_END_SECONDS,
    Place,
    find,
    record_issued_token,
    remove_ended,
    revoke_all,
    token_digest,
)
from sender_constraint.core.thumbprints import certificate_thumbprint
from tests.authserver.caller import RESOURCE, Caller, Verdict
from tests.sender_constraint.pki import NOW, Issued

# What the record costs a token request, at most, on the slowest machine that runs the tests.
MOST_MILLISECONDS = 20.0


def test_a_token_is_written_down_and_cannot_be_read_from_the_record(
    partner: Caller, partner_certificate: Issued, verdict: Verdict
) -> None:
    token = verdict.accepted(partner.asks())["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})

    record = IssuedToken.objects.get()

    assert (record.jti, record.client_id, record.audience) == (claims["jti"], "partner", RESOURCE)
    assert record.expires_at.timestamp() == claims["exp"]
    assert record.confirmation == certificate_thumbprint(partner_certificate.der)
    assert record.token_sha256 == token_digest(token)
    assert (record.claims, record.revoked_at) == (None, None)
    assert find(token) == record
    assert find(token[:-1]) is None


@pytest.mark.clause("RFC 6749 §10.10")
def test_an_opaque_token_has_256_random_bits_and_is_kept_as_a_digest_alone(
    registered: Callable[..., Any], partner: Caller, verdict: Verdict
) -> None:
    registered(access_token_format="opaque")
    tokens = {verdict.accepted(partner.asks())["access_token"] for _ in range(8)}

    assert {len(token) for token in tokens} == {43}
    assert len(tokens) == 8
    for record in IssuedToken.objects.all():
        assert record.claims is not None
        assert record.claims["client_id"] == "partner"
        assert "status" not in record.claims
        assert (record.status_list, record.status_index) == (None, None)
        assert not tokens & {record.token_sha256, record.jti}


def test_a_token_request_reads_once_and_writes_once(partner: Caller, verdict: Verdict) -> None:
    verdict.accepted(partner.asks())
    with CaptureQueriesContext(connection) as queries:
        verdict.accepted(partner.asks())

    statements = [query["sql"].split(" ")[0] for query in queries]
    assert statements.count("INSERT") == 1
    assert "UPDATE" not in statements
    assert statements.count("SELECT") == 1


def test_what_the_record_costs_is_measured(partner: Caller, verdict: Verdict) -> None:
    token = verdict.accepted(partner.asks())["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    milliseconds = []
    for index in range(200):
        began = time.perf_counter()
        record_issued_token(f"{token}{index}", claims, Place(2, index), keep_claims=False)
        milliseconds.append((time.perf_counter() - began) * 1e3)

    print(f"to write a token down: {statistics.median(milliseconds):.2f} ms (median of 200)")
    assert statistics.median(milliseconds) < MOST_MILLISECONDS


def test_ended_tokens_are_forgotten_a_minute_later_and_others_are_not(
    partner: Caller, verdict: Verdict, now: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict.accepted(partner.asks())
    now[0] = NOW + timedelta(seconds=100)
    kept = verdict.accepted(partner.asks())["access_token"]
    just_before = NOW + timedelta(seconds=300 + KEPT_AFTER_END_SECONDS)
    assert remove_ended(just_before) == 0

    monkeypatch.setattr(tasks, "utc_now", lambda: just_before + timedelta(seconds=1))
    tasks.forget_ended_tokens()
    tasks.forget_ended_tokens()

    assert IssuedToken.objects.get() == find(kept)


@pytest.mark.django_db
def test_one_time_uses_are_deleted_an_hour_after_their_subject_expired(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expires = NOW.timestamp()
    assert [one_time_use.record_use(key, expires) for key in ("one", "one", "two")] == [True, False, True]
    assert one_time_use.record_use("later", expires + 2)
    last = NOW + timedelta(seconds=one_time_use.KEPT_AFTER_END_SECONDS)
    assert one_time_use.remove_expired(last) == 0

    monkeypatch.setattr(one_time_use, "REMOVED_AT_ONCE", 1)
    monkeypatch.setattr(tasks, "utc_now", lambda: last + timedelta(seconds=1))
    tasks.forget_ended_tokens()
    tasks.forget_ended_tokens()

    assert [each.key for each in OneTimeUse.objects.all()] == ["later"]
    assert [one_time_use.is_used(key) for key in ("one", "later")] == [False, True]


def test_all_tokens_of_a_client_or_of_one_binding_are_revoked(partner: Caller, verdict: Verdict) -> None:
    for _ in range(3):
        verdict.accepted(partner.asks())
    bound_otherwise = IssuedToken.objects.order_by("pk").last()
    assert bound_otherwise is not None
    confirmation = bound_otherwise.confirmation
    IssuedToken.objects.filter(pk=bound_otherwise.pk).update(confirmation="another")

    assert revoke_all("other-partner", NOW) == 0
    assert revoke_all("partner", NOW, confirmation) == 2
    assert revoke_all("partner", NOW) == 1
    assert revoke_all("partner", NOW) == 0


def test_the_operator_revokes_what_is_bound_to_one_certificate_and_says_how_many(
    partner: Caller, partner_certificate: Issued, verdict: Verdict
) -> None:
    token = verdict.accepted(partner.asks())["access_token"]
    bound_to = certificate_thumbprint(partner_certificate.der)

    def revokes(*arguments: str) -> str:
        output = io.StringIO()
        call_command("revoke_tokens", *arguments, stdout=output)
        return output.getvalue()

    assert revokes("other-partner") == "revoked 0 tokens of other-partner\n"
    assert revokes("partner", "--bound-to", "x" * 43) == "revoked 0 tokens of partner\n"
    assert revokes("partner", "--bound-to", bound_to) == "revoked 1 tokens of partner\n"

    issued = find(token)
    assert issued is not None
    assert issued.revoked_at == NOW
    event = verdict.trail.last()
    assert (event["event"], event["client_id"]) == ("operator.revoke_tokens", "partner")
    assert event["detail"] == {"revoked": 1, "bound_to": bound_to}
