"""Bits and references of draft-ietf-oauth-status-list-21."""

import base64
import zlib
from typing import Any

import pytest

from sender_constraint.jose.status_lists import (
    MOST_OCTETS,
    StatusList,
    StatusReference,
    list_of_invalid,
    reference_of,
    status_list_of,
)

# §4.1 and §4.2 print these two octets for sixteen statuses, and the text that they become.
PRINTED_STATUSES = (1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1)
PRINTED = {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}
# §4.1: twelve statuses of two bits.
PRINTED_IN_TWO_BITS = (1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3)


def _lst(octets: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(octets)).rstrip(b"=").decode()


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §4.2")
def test_the_printed_list_reads_as_its_sixteen_statuses() -> None:
    read = status_list_of(PRINTED)

    assert tuple(read.status(index) for index in range(16)) == PRINTED_STATUSES


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §4.1")
def test_the_printed_list_is_what_we_write() -> None:
    invalid = [index for index, status in enumerate(PRINTED_STATUSES) if status]

    assert list_of_invalid(16, invalid).octets == b"\xb9\xa3"
    assert status_list_of(list_of_invalid(16, invalid).members()) == status_list_of(PRINTED)


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §4.1")
def test_statuses_of_two_bits_are_read_from_the_least_significant_on() -> None:
    read = StatusList(2, b"\xc9\x44\xf9")

    assert tuple(read.status(index) for index in range(12)) == PRINTED_IN_TWO_BITS


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §8.3")
@pytest.mark.parametrize("index", [16, -1, 10**9])
def test_an_index_beyond_the_end_has_no_status(index: int) -> None:
    with pytest.raises(IndexError):
        status_list_of(PRINTED).status(index)


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §4.2")
@pytest.mark.parametrize(
    "members",
    [
        None,
        {},
        {"bits": 1},
        {**PRINTED, "bits": 3},
        {**PRINTED, "bits": True},
        {**PRINTED, "bits": "1"},
        {**PRINTED, "lst": f"{PRINTED['lst']}=="},
        {**PRINTED, "lst": "AAAA"},
        {**PRINTED, "lst": _lst(b"\xb9\xa3")[:-3]},
        {**PRINTED, "lst": base64.urlsafe_b64encode(zlib.compress(b"\0") + b"more").decode().rstrip("=")},
        {**PRINTED, "lst": _lst(bytes(MOST_OCTETS + 1))},
        {**PRINTED, "lst": 5},
    ],
    ids=str,
)
def test_a_malformed_list_is_refused(members: Any) -> None:
    with pytest.raises(ValueError, match=r"status|bits|lst"):
        status_list_of(members)


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §6.2")
def test_a_token_says_where_its_status_stands_or_nothing_about_it() -> None:
    claim = {"status_list": {"idx": 412, "uri": "https://as.example/status-lists/1"}}

    assert reference_of({"status": claim}) == StatusReference("https://as.example/status-lists/1", 412)
    assert reference_of({}) is None


@pytest.mark.clause("draft-ietf-oauth-status-list-21 §6.1")
@pytest.mark.parametrize(
    "status",
    [
        None,
        {},
        "good",
        {"identifier_list": {"id": "1"}},
        {"status_list": {"idx": 0}},
        {"status_list": {"idx": -1, "uri": "https://as.example/1"}},
        {"status_list": {"idx": True, "uri": "https://as.example/1"}},
        {"status_list": {"idx": 0, "uri": "http://as.example/1"}},
    ],
    ids=str,
)
def test_a_reference_that_cannot_be_followed_is_refused(status: Any) -> None:
    with pytest.raises(ValueError, match=r"status|idx|uri"):
        reference_of({"status": status})
