"""The comparison, run as its user runs it, with few calls."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from operations.settings.environment import REPOSITORY
from tests.waiting import eventually
from workshop.environment import processes
from workshop.methods import METHODS

DEADLINE_SECONDS = 400.0

# What ./scripts/compare calls, elsewhere than in var/compare: that one is the user's.
_COMPARE = """
import sys
from pathlib import Path
from workshop.comparison.arguments import parser
from workshop.comparison.compare import compare

if __name__ == "__main__":
    root, *arguments = sys.argv[1:]
    sys.exit(compare(parser().parse_args(arguments), Path(root)))
"""


def begin(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    program = folder / "program.py"
    program.write_text(_COMPARE)
    with (folder / "output.txt").open("w") as output:
        return subprocess.Popen(
            [sys.executable, program, folder / "root", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a short comparison was made."""
    found = tmp_path_factory.mktemp("compare")
    report = found / "it.json"
    comparing = begin(found, "--rounds", "1", "--calls", "4", "--report", str(report))
    status = comparing.wait(DEADLINE_SECONDS)
    assert status == 0, (found / "output.txt").read_text()
    return found


@pytest.fixture(scope="module")
def methods(folder: Path) -> dict[str, dict[str, Any]]:
    """What it wrote, by method's name."""
    report = json.loads((folder / "it.json").read_text())
    assert report["holds"], report["unexpected"]
    return {each["name"]: each for each in report["methods"]}


def test_every_method_makes_the_same_call_and_nothing_is_left_running(
    folder: Path, methods: dict[str, dict[str, Any]]
) -> None:
    assert list(methods) == [method.name for method in METHODS]
    assert {each["calls"]["cold"]["calls"] for each in methods.values()} == {1}
    assert processes.running(folder / "root") == []
    told = (folder / "output.txt").read_text()
    assert all(told.count(method.title) >= 8 for method in METHODS)
    assert "Everything holds." in told
    assert (folder / "it.html").read_text().startswith("<!DOCTYPE html>")


def test_a_proof_is_seen_on_the_wire_and_a_certificate_in_the_handshake(
    methods: dict[str, dict[str, Any]],
) -> None:
    def octets(name: str, step: str) -> int:
        return int(methods[name]["wire"][step]["up"])

    assert octets("dpop", "accounts again") > octets("certificate_jwt", "accounts again") + 300
    assert octets("certificate_opaque", "accounts again") < octets("certificate_jwt", "accounts again") - 300
    first, again = octets("certificate_jwt", "accounts"), octets("certificate_jwt", "accounts again")
    assert first - again > octets("dpop", "accounts") - octets("dpop", "accounts again") + 300


def test_a_new_connection_takes_three_round_trips_and_an_open_one_takes_one(
    methods: dict[str, dict[str, Any]],
) -> None:
    for name, each in methods.items():
        # One more where the server's words after the handshake crossed the request in every sample.
        assert each["wire"]["token"]["round_trips"] in (3, 4), name
        assert each["wire"]["payment"]["round_trips"] == 1, name


def test_the_api_asks_about_an_opaque_token_and_reads_a_jwt(methods: dict[str, dict[str, Any]]) -> None:
    asked = methods["certificate_opaque"]["calls"]["cold"]["octets_between_servers_a_call"]

    assert asked > 500


def test_a_thief_with_the_token_alone_is_served_as_bearer_only(methods: dict[str, dict[str, Any]]) -> None:
    for name, each in methods.items():
        with_token = [theft["succeeded"] for theft in each["thefts"] if theft["taken"] == "the token"]
        assert with_token == [True] if name == "bearer" else not any(with_token), name


def test_whoever_has_the_signing_key_gets_tokens_for_a_key_of_his_own(
    methods: dict[str, dict[str, Any]],
) -> None:
    asked = {
        name: theft["outcome"]
        for name, each in methods.items()
        for theft in each["thefts"]
        if theft["taken"] == "the signing key"
    }

    assert asked == {"private_key_jwt": "200", "dpop": "200"}


def test_revoking_the_token_ends_every_method_and_revoking_the_certificate_those_bound_to_it(
    methods: dict[str, dict[str, Any]],
) -> None:
    def ended(revoked: str) -> set[str]:
        return {
            name
            for name, each in methods.items()
            for one in each["revocations"]
            if (one["revoked"], one["where"]) == (revoked, "API") and one["seconds_until_refused"] is not None
        }

    assert ended("the token") == set(methods)
    assert ended("the certificate") == {"certificate_jwt", "certificate_opaque", "private_key_jwt"}


def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    comparing = begin(tmp_path)
    output = tmp_path / "output.txt"

    def starts() -> bool:
        assert comparing.poll() is None, output.read_text()
        return "everybody enrols" in output.read_text()

    eventually(starts, output.read_text, seconds=DEADLINE_SECONDS)
    os.killpg(comparing.pid, signal.SIGINT)
    status = comparing.wait(DEADLINE_SECONDS)

    assert status == 130, output.read_text()
    assert "compare: interrupted; nothing is left running" in output.read_text()
    assert "Traceback" not in output.read_text()
    assert processes.running(tmp_path / "root") == []
