"""Looking events up in the trail, and what the command ``explain`` answers."""

import gzip
import json
import os
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from operations.audit.audit_trail import AuditTrail
from operations.audit.trail_files import trail_files, trails
from sender_constraint.explanations import search
from sender_constraint.explanations.command import NotExplained, answer

ID = "0b9d4f7c-5c0e-4b5e-9d57-3f1d8a6f0c11"
OTHER_ID = "a3a0a1a2-0000-4000-8000-000000000001"
PEER = "127.0.0.1:4711"


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Two services of one bank, with an event each about the same call."""
    folders = {service: tmp_path / service for service in ("authserver", "bank_api")}
    record(folders["authserver"], "token.issued", "accepted", status=200)
    record(
        folders["bank_api"], "api.call", "refused", rule="token.audience", status=401, error="invalid_token"
    )
    return folders


def record(folder: Path, event: str, outcome: str, **fields: Any) -> None:
    AuditTrail(folder.name, folder).record(event, outcome, **{"correlation_id": ID, "peer": PEER, **fields})


def told(folders: dict[str, Path], *, as_json: bool = False, **question: Any) -> str:
    asked = {"correlation_id": None, "peer": None, "recent": None, **question}
    return "\n".join(answer(trails(folders), as_json=as_json, **asked))


def not_told(folders: dict[str, Path], **question: Any) -> NotExplained:
    with pytest.raises(NotExplained) as reason:
        told(folders, **question)
    return reason.value


def test_the_events_of_one_call_are_told_across_services_in_the_order_of_time(
    folders: dict[str, Path],
) -> None:
    text = told(folders, correlation_id=ID)
    assert text.index("token.issued") < text.index("api.call")
    assert "outcome    accepted with 200" in text
    assert "rule       token.audience" in text


@pytest.mark.parametrize("asked", [ID.upper(), f"  {ID} "])
def test_letter_case_and_spaces_around_an_id_do_not_count(folders: dict[str, Path], asked: str) -> None:
    assert "token.audience" in told(folders, correlation_id=asked)
    record(folders["bank_api"], "api.call", "refused", correlation_id=OTHER_ID.upper(), rule="token.scope")
    assert "token.scope" in told(folders, correlation_id=OTHER_ID)


def test_retries_with_one_id_are_all_told(folders: dict[str, Path]) -> None:
    record(folders["bank_api"], "api.call", "refused", rule="token.expired")
    record(folders["bank_api"], "api.call", "accepted", status=200)
    events = json.loads(told(folders, correlation_id=ID, as_json=True))["events"]
    assert [each["outcome"] for each in events] == ["accepted", "refused", "refused", "accepted"]
    assert [each.get("explanation", {}).get("rule") for each in events][1:3] == [
        "token.audience",
        "token.expired",
    ]


def test_of_very_many_events_with_one_id_the_last_are_told_and_the_others_counted(
    folders: dict[str, Path],
) -> None:
    for number in range(search.MOST_EVENTS + 7):
        record(folders["bank_api"], "api.call", "refused", rule="token.expired", path=f"/{number}")
    text = told(folders, correlation_id=ID)
    assert "9 older event(s) are omitted." in text
    assert f"/{search.MOST_EVENTS + 6}" in text
    assert json.loads(told(folders, correlation_id=ID, as_json=True))["left_out"] == 9


def test_an_unknown_id_is_told_with_where_it_was_looked_for_and_what_else_to_try(
    folders: dict[str, Path],
) -> None:
    reason = not_told(folders, correlation_id=OTHER_ID)
    assert reason.status == 1
    assert f"No event about ID {OTHER_ID} in the events of authserver, bank_api." in str(reason)
    assert str(folders["bank_api"] / "audit.jsonl") in str(reason)
    assert "--peer" in str(reason)


@pytest.mark.parametrize(
    "malformed", ["", "x", ID[:-1], f"{{{ID}}}", ID.replace("-", ""), f"{ID}; ls", "\x1b[2J"]
)
def test_a_malformed_id_is_told_as_such_with_where_to_find_one(
    folders: dict[str, Path], malformed: str
) -> None:
    reason = not_told(folders, correlation_id=malformed)
    assert reason.status == 2
    assert "is not a correlation ID" in str(reason)
    assert "x-fapi-interaction-id" in str(reason)
    assert "\x1b" not in str(reason)


@pytest.mark.parametrize("question", [{}, {"correlation_id": ID, "peer": PEER}, {"recent": 0}])
def test_no_question_and_two_at_once_are_none(folders: dict[str, Path], question: dict[str, Any]) -> None:
    assert not_told(folders, **question).status == 2


def test_a_failed_handshake_is_found_by_its_peer(folders: dict[str, Path]) -> None:
    handshake = {"correlation_id": None, "peer": "127.0.0.1:5000", "rule": "tls.possession"}
    record(folders["bank_api"], "tls.handshake", "refused", **handshake, error="decrypt_error")
    assert "rule       tls.possession" in told(folders, peer="127.0.0.1:5000")
    assert not_told(folders, peer="127.0.0.1:500").status == 1


def test_the_last_refusals_are_listed_with_what_they_are_asked_about_by(folders: dict[str, Path]) -> None:
    record(folders["bank_api"], "tls.handshake", "refused", correlation_id=None, rule="tls.handshake")
    listed = told(folders, recent=5).splitlines()
    assert [line.split("  ")[-1] for line in listed] == [ID, f"--peer {PEER}"]
    assert told(folders, recent=1).count("\n") == 0


def test_each_call_is_listed_once_and_looks_at_the_health_are_not(folders: dict[str, Path]) -> None:
    bank, issuer = folders["bank_api"], folders["authserver"]
    record(issuer, "token.introspection", "refused", rule="introspection.client", status=401)
    record(bank, "api.call", "refused", rule="token.status-unknown", status=503)
    record(bank, "api.call", "refused", correlation_id=OTHER_ID, rule="service.database", path="/health")
    given_up = {"correlation_id": None, "rule": "tls.handshake", "peer": "127.0.0.1:1"}
    record(bank, "tls.handshake", "refused", **given_up, detail={"reason": "Unexpected EOF"})
    record(bank, "certificate.renewal", "refused", correlation_id=None, peer=None)
    record(
        bank, "tls.handshake", "refused", **given_up | {"peer": "127.0.0.1:2"}, detail={"reason": "no cipher"}
    )
    listed = told(folders, recent=5).splitlines()
    assert [line.split("  ", 3)[-1].strip() for line in listed] == [
        f"token.status-unknown  {ID}",
        "tls.handshake  --peer 127.0.0.1:2",
    ]
    assert "rule       service.database" in told(folders, correlation_id=OTHER_ID)
    assert "rule       tls.handshake" in told(folders, peer="127.0.0.1:1")
    assert len(told(folders, recent=1).splitlines()) == 1


def test_rotated_files_are_read_too_oldest_first(folders: dict[str, Path]) -> None:
    folder = folders["bank_api"]
    current = folder / "audit.jsonl"
    current.rename(folder / "audit.jsonl.1")
    (folder / "audit.jsonl.2.gz").write_bytes(gzip.compress((folder / "audit.jsonl.1").read_bytes()))
    os.utime(folder / "audit.jsonl.2.gz", (1, 1))
    record(folder, "api.call", "refused", rule="token.scope")
    assert [each.name for each in trail_files(folder)] == [
        "audit.jsonl.2.gz",
        "audit.jsonl.1",
        "audit.jsonl",
    ]
    assert told(folders, correlation_id=ID).count("token.audience") == 2
    assert told(folders, correlation_id=ID).count("token.scope") == 1


@pytest.mark.parametrize(
    "damage", [b'{"correlation_id": "%s", "outco', b'["%s"]\n', b'"%s\xff"\n', b'{"a": %s}\n'], ids=repr
)
def test_a_line_that_is_cut_or_damaged_is_passed_over_and_counted(
    folders: dict[str, Path], damage: bytes
) -> None:
    with (folders["bank_api"] / "audit.jsonl").open("ab") as trail:
        trail.write(damage % ID.encode())
    text = told(folders, correlation_id=ID)
    assert "token.audience" in text
    assert "1 more line(s) that may belong to it are truncated or damaged." in text
    reason = not_told({"bank_api": folders["bank_api"]}, correlation_id=OTHER_ID)
    assert "damaged" not in str(reason)


def test_a_compressed_file_that_is_cut_is_told_by_name(folders: dict[str, Path]) -> None:
    file = folders["bank_api"] / "audit.jsonl.1.gz"
    file.write_bytes(gzip.compress(b"x" * 10_000)[:-20])
    reason = not_told(folders, correlation_id=ID)
    assert reason.status == 1
    assert str(file) in str(reason)


def test_a_folder_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(search.EventsUnreadable) as reason:
        told({"bank_api": tmp_path / "nowhere"}, correlation_id=ID)
    assert f"{tmp_path / 'nowhere'}: No such file or directory" in str(reason.value)


def test_a_folder_without_events_is_told_as_such(tmp_path: Path) -> None:
    assert "nothing has been recorded yet" in str(not_told({"bank_api": tmp_path}, correlation_id=ID))


def test_a_trail_of_a_hundred_thousand_events_is_read_in_a_moment(tmp_path: Path) -> None:
    record(tmp_path, "api.call", "refused", rule="token.expired", detail={"expired_at": 1, "now": 13})
    line = (tmp_path / "audit.jsonl").read_text()
    others = [line.replace(ID, str(uuid.UUID(int=number))) for number in range(100_000)]
    (tmp_path / "audit.jsonl").write_text("".join([*others[:50_000], line, *others[50_000:]]))
    begin = time.process_time()
    assert "12 seconds" in told({"bank_api": tmp_path}, correlation_id=ID)
    assert time.process_time() - begin < 5
