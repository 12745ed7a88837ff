"""Certificates turn under traffic: act 6 of the demo, played to its end."""

import itertools
from datetime import datetime
from pathlib import Path

from tests.e2e.playing import Demo

ROTATIONS = 3


def test_certificates_turn_three_times_under_traffic_and_no_call_fails(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    # The shortest lifetime that the demo offers.
    ended = demo.play("--act", "6", "--lifetime", "30")

    assert ended.status == 0, ended.output
    assert demo.leftovers() == []
    observed = {row["attempt"]: row["observed"] for row in ended.attempts("6")}
    assert observed["failed calls"] == "0"
    assert observed["the old token with the new certificate"] == "401 invalid_token: binding.certificate"
    _check_timeline(ended.report["timeline"])


def _check_timeline(reigns: list[dict[str, object]]) -> None:
    """Each reign has a certificate and tokens of its own, and ends where the next begins."""
    serving = [reign for reign in reigns if reign["calls"]]
    assert len(serving) > ROTATIONS
    assert len({str(reign["thumbprint"]) for reign in reigns}) == len(reigns)
    tokens = [token for reign in reigns for token in _texts(reign["tokens"])]
    assert len(set(tokens)) == len(tokens) >= len(reigns)
    for before, after in itertools.pairwise(reigns):
        assert _moment(before["began"]) < _moment(before["ended"])
        assert abs((_moment(after["began"]) - _moment(before["ended"])).total_seconds()) < 5
    assert reigns[-1]["ended"] is None


def _texts(value: object) -> list[str]:
    assert isinstance(value, list)
    return [str(each) for each in value]


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value))
