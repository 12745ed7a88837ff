"""The audit trail on a disk that is full, read-only or not there: nothing written is damaged by it."""

import errno
import json
import logging
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from operations.audit.audit_trail import INTERRUPTED, AuditTrail, TrailUnwritable
from operations.audit.trail_files import trails
from sender_constraint.explanations.search import recent_refusals
from tests.sender_constraint.tls.running import Server, read_all
from tests.trail import unwritable
from tests.waiting import eventually


@contextmanager
def room(bytes_left: int, file: Path) -> Iterator[None]:
    """The kernel writes so many bytes more to this file, and then cuts short, and refuses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = file.stat().st_size if file.exists() else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + bytes_left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def trail(tmp_path: Path) -> AuditTrail:
    return AuditTrail("example", tmp_path)


def read(trail: AuditTrail) -> tuple[list[dict[str, Any]], int]:
    """The whole events, and how many lines are none."""
    events, damaged = [], 0
    for line in trail.path.read_bytes().splitlines():
        try:
            events.append(json.loads(line))
        except ValueError:
            damaged += bool(line.strip())
    return events, damaged


@pytest.mark.parametrize("bytes_left", [0, 1, 40])
def test_a_line_that_is_cut_short_damages_no_event_before_or_after_it(
    trail: AuditTrail, bytes_left: int, tmp_path: Path
) -> None:
    trail.record("first", "refused", rule="token.header")
    with room(bytes_left, trail.path), pytest.raises(TrailUnwritable) as full:
        trail.record("second", "refused")
    assert full.value.errno in (0, errno.EFBIG)
    trail.record("third", "refused", rule="token.expired")

    events, damaged = read(trail)
    assert [each["event"] for each in events] == ["first", INTERRUPTED, "third"]
    assert events[1]["detail"]["missing"] == 1
    assert damaged == bool(bytes_left)
    found = recent_refusals(trails({"example": tmp_path}), 10)
    assert [each["event"] for each in found.found] == ["first", "third"]


def test_a_line_that_another_process_left_half_written_damages_no_event(trail: AuditTrail) -> None:
    trail.record("first", "accepted")
    with trail.path.open("ab") as file:
        file.write(b'{"event": "of a process that was killed')
    trail.record("second", "accepted")
    trail.record("third", "accepted")
    events, damaged = read(trail)
    assert [each["event"] for each in events] == ["first", "second", "third"]
    assert damaged == 1


def test_events_that_are_missing_are_counted_until_the_trail_can_say_so(
    trail: AuditTrail, caplog: pytest.LogCaptureFixture
) -> None:
    trail.resume()
    with room(0, trail.path), caplog.at_level(logging.INFO):
        for _ in range(3):
            with pytest.raises(TrailUnwritable):
                trail.record("lost", "accepted")
        with pytest.raises(TrailUnwritable):
            trail.resume()
    trail.resume()
    trail.resume()
    events, _ = read(trail)
    assert [each["event"] for each in events] == [INTERRUPTED]
    assert events[0]["detail"]["missing"] == 3
    assert caplog.text.count("cannot be written") == 1
    assert caplog.text.count("3 events since") == 1


@pytest.mark.parametrize(
    ("fault", "number"), [("a directory", errno.EISDIR), ("nothing", errno.ENOENT), ("full", errno.ENOSPC)]
)
def test_whatever_the_system_says_is_the_reason_and_the_trail_goes_on_without_it(
    trail: AuditTrail, fault: str, number: int
) -> None:
    aside = trail.path.parent.with_name("aside")
    match fault:
        case "a directory":
            trail.path.mkdir()
        case "nothing":
            trail.path.parent.rename(aside)
        case "full" if Path("/dev/full").exists():
            trail.path.symlink_to("/dev/full")
        case _:
            number = errno.EISDIR
            trail.path.mkdir()
    with pytest.raises(TrailUnwritable) as raised:
        trail.record("lost", "accepted")
    assert raised.value.errno == number
    assert raised.value.reason == os.strerror(number)
    with pytest.raises(TrailUnwritable):
        trail.check()
    if fault == "nothing":
        aside.rename(trail.path.parent)
    elif trail.path.is_symlink():
        trail.path.unlink()
    else:
        trail.path.rmdir()
    trail.check()
    trail.record("kept", "accepted")
    assert [each["event"] for each in read(trail)[0]] == [INTERRUPTED, "kept"]


def test_a_file_that_is_rotated_or_removed_between_two_events_costs_none(trail: AuditTrail) -> None:
    trail.record("first", "accepted")
    rotated = trail.path.rename(trail.path.with_name("audit.jsonl-20260301"))
    trail.record("second", "accepted")
    assert [json.loads(line)["event"] for line in rotated.read_bytes().splitlines()] == ["first"]
    assert [each["event"] for each in read(trail)[0]] == ["second"]
    trail.path.unlink()
    trail.record("third", "accepted")
    assert [each["event"] for each in read(trail)[0]] == ["third"]


def test_without_room_for_what_comes_the_check_fails_before_an_event_is_lost(trail: AuditTrail) -> None:
    trail.check()
    assert not trail.path.exists()  # asked by another user, it would be another user's file
    trail.record("first", "accepted")
    with room(1000, trail.path), pytest.raises(TrailUnwritable):
        trail.check()
    trail.check()
    assert [each["event"] for each in read(trail)[0]] == ["first"]


def test_of_many_processes_on_a_disk_that_fills_up_none_damages_another_s_event(trail: AuditTrail) -> None:
    context = get_context("fork")
    processes = [context.Process(target=_write_many, args=(trail, name)) for name in range(4)]
    with room(20_000, trail.path):
        for each in processes:
            each.start()
    for each in processes:
        each.join(60)
        assert each.exitcode == 0
    events, damaged = read(trail)
    # Each process meets the end of the file once or more; what it was told is written is whole.
    written = sum(each["event"] == "numbered" for each in events)
    missing = sum(each["detail"]["missing"] for each in events if each["event"] == INTERRUPTED)
    assert written + missing == 4 * 100 + 4
    assert missing > 0
    assert damaged <= missing


def _write_many(trail: AuditTrail, name: int) -> None:
    for number in range(100):
        try:
            trail.record("numbered", "accepted", detail={"of": name, "number": number, "text": "-" * 100})
        except TrailUnwritable:
            continue
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    trail.record("numbered", "accepted")


@pytest.mark.clause("RFC 9110 §15.6.4")
def test_the_tls_front_answers_503_to_what_it_cannot_record_and_goes_on(own_server: Server) -> None:
    def sent(request: bytes) -> bytes:
        with own_server.tls() as connection:
            connection.sendall(request)
            return read_all(connection)

    malformed = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
    assert sent(malformed).startswith(b"HTTP/1.1 400 ")
    eventually(lambda: own_server.events("alarm.raised"), "the alarm about the staple is in the trail")
    with unwritable(own_server.state / "audit" / "audit.jsonl"):
        refused = sent(malformed)
        assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nRetry-After: 1\r\n" in refused
        with own_server.tcp() as connection:  # a handshake that fails, outside of any request
            connection.sendall(b"no ClientHello" * 10)
            assert b"HTTP" not in read_all(connection)
        own_server.publish_generation()
        assert own_server.get()["scheme"] == "https"
    assert sent(malformed).startswith(b"HTTP/1.1 400 ")
    (interrupted,) = own_server.events(INTERRUPTED)
    assert interrupted["detail"]["missing"] == 3  # request, handshake and new certificate
    log = own_server.log.read_text()
    assert "Traceback" not in log
    assert "audit.jsonl cannot be written: Is a directory" in log
