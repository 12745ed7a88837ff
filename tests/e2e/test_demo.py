"""The demo, played as its user plays it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.e2e.playing import Demo
from tests.e2e.second_service import RULE_OFF_CONFIGURATION
from tests.e2e.switchboard import Switchboard
from workshop.catalogue import TOLD
from workshop.environment.local import attach
from workshop.environment.running import stop
from workshop.methods import METHODS

# That one takes its time, mostly waiting: it begins here, and is looked at in the last module.
pytestmark = pytest.mark.usefixtures("act_6")

WAYS = (
    "API, new connections",
    "API, the open connection",
    "token endpoint, new connections",
    "token endpoint, the open connection",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """One place for all: each test plays after the others, where they left what they left."""
    return Demo(tmp_path_factory.mktemp("demo"))


def without_rule(identifier: str, folder: Path) -> list[str]:
    """The command that starts the API with one rule switched off."""
    board = Switchboard(folder / "rule")
    board.switch_off(identifier)
    return [
        "/usr/bin/env", "TESTS_SERVICE=bank_api", f"TESTS_RULE_OFF={board.file}",
        sys.executable, "-m", "gunicorn", "-c", str(RULE_OFF_CONFIGURATION), "bank_api.wsgi:application",
    ]  # fmt: skip


def explain(*arguments: str) -> str:
    """What ``./scripts/explain`` prints."""
    told = subprocess.run(
        [sys.executable, "-m", "workshop.explain", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return told.stdout


def test_the_demo_holds_writes_its_report_and_leaves_nothing_behind(demo: Demo) -> None:
    ended = demo.play("--act", "2", "--act", "4")

    assert ended.status == 0, ended.output
    assert demo.leftovers() == []
    assert ended.report["holds"] is True
    assert all(row["holds"] for row in ended.report["rows"])
    assert len(ended.attempts("2")) == 2
    theft = {row["act"]: row["attempt"] for row in ended.attempts("4")}
    assert theft.items() >= {attack.label: attack.title for attack in TOLD}.items()
    assert "every row holds" in ended.output


def test_a_thief_with_the_key_succeeds_until_it_is_revoked_and_nobody_falls_for_a_false_bank(
    demo: Demo,
) -> None:
    ended = demo.play("--act", "7", "--act", "8")

    assert ended.status == 0, ended.output
    assert demo.leftovers() == []
    rows = {row["attempt"]: row for row in ended.attempts("7")}
    for way in WAYS:
        assert rows[f"the thief with token and key: {way}"]["observed"] == "200"
        revoked = rows[f"the same, revoked: {way}"]
        error = "invalid_token" if way.startswith("API") else "invalid_client"
        assert revoked["expected"] == f"401 {error}: certificate.revoked within 5 s"
        wanted, seconds = revoked["observed"].removesuffix(" s").split(" after ")
        assert wanted == f"401 {error}: certificate.revoked"
        assert 0 <= float(seconds) < 5
    assert rows["the other partner meanwhile"]["observed"].startswith("served each time")
    assert rows["the partner, with a new one-time secret and no restart"]["observed"].startswith(
        "served after"
    )
    assert {row["observed"].partition(" ")[0] for row in ended.attempts("8")} == {"200", "not", "401"}

    (command,) = [line for line in ended.output.splitlines() if "./scripts/explain" in line]
    explained = explain(*command.partition("./scripts/explain ")[2].split())
    assert "certificate.revoked (RFC 5280 §6.1.3)" in explained


def test_act_7_turns_red_where_the_api_does_not_look_at_revocation(demo: Demo, tmp_path: Path) -> None:
    ended = demo.play("--act", "7", bank_api=without_rule("certificate.revoked", tmp_path))

    assert ended.status == 1, ended.output
    assert demo.leftovers() == []
    red = {row["attempt"]: row["observed"] for row in ended.report["rows"] if not row["holds"]}
    assert red == {f"the same, revoked: {way}": "served still after 5 s" for way in WAYS if "API" in way}


def test_a_row_that_does_not_hold_makes_the_demo_fail_and_the_others_hold(demo: Demo, tmp_path: Path) -> None:
    ended = demo.play("--act", "4", bank_api=without_rule("token.audience", tmp_path))

    assert ended.status == 1, ended.output
    assert demo.leftovers() == []
    assert ended.report["holds"] is False
    red = [row for row in ended.report["rows"] if not row["holds"]]
    assert [row["act"] for row in red] == ["4j"]
    assert red[0]["expected"] == "401 invalid_token: token.audience"
    assert red[0]["observed"] == "401 invalid_token: binding.certificate"
    assert "1 not as expected" in ended.output


def test_the_demo_holds_again_where_it_was_played_and_can_be_kept(demo: Demo) -> None:
    ended = demo.play("--act", "1", "--act", "2", "--act", "3", "--act", "5", "--explain", "--keep")
    kept = attach(demo.root)
    stop(demo.root)

    assert ended.status == 0, ended.output
    assert {row["act"] for row in ended.report["rows"]} == {"1", "2", "3", "5"}
    assert kept is not None
    assert kept.deployment.api_url == f"https://localhost:{demo.ports.bank_api}"
    assert demo.leftovers() == []


def test_the_thief_is_played_before_every_method_and_red_where_a_proof_counts_twice(
    demo: Demo, tmp_path: Path
) -> None:
    ended = demo.play("--act", "9", bank_api=without_rule("dpop.replayed", tmp_path))

    assert ended.status == 1, ended.output
    assert demo.leftovers() == []
    rows = {row["attempt"]: row for row in ended.attempts("9")}
    assert {attempt.partition(":")[0] for attempt in rows} == {method.title for method in METHODS}
    assert rows["Bearer: the token, alone, from anywhere"]["observed"] == "200"
    for method in METHODS:
        assert rows[f"{method.title}: its own client"]["observed"] == "200"
    proofs = [method.title for method in METHODS if method.bound_to == "key"]
    red = {attempt: row["observed"] for attempt, row in rows.items() if not row["holds"]}
    assert red == {f"{title}: a request, sent again, word for word": "200" for title in proofs}


def test_ctrl_c_stops_everything(demo: Demo) -> None:
    playing = demo.begin("--act", "6")
    playing.wait_for_output("calls now use certificate")
    playing.interrupt()
    ended = playing.end()

    assert ended.status == 130, ended.output
    assert demo.leftovers() == []
    assert "interrupted" in ended.output
    assert ended.report["holds"] is False
    assert "Traceback" not in ended.output


def test_ctrl_c_while_the_operator_revokes_stops_everything(demo: Demo) -> None:
    playing = demo.begin("--act", "7")
    playing.wait_for_output("the operator revokes the certificate")
    playing.interrupt()
    ended = playing.end()

    assert ended.status == 130, ended.output
    assert demo.leftovers() == []
    assert ended.report["holds"] is False
    assert "Traceback" not in ended.output


def test_ctrl_c_while_everything_starts_stops_everything(demo: Demo) -> None:
    playing = demo.begin("--act", "2")
    playing.wait_for_output("everybody enrols")
    playing.interrupt()
    ended = playing.end()

    assert ended.status == 130, ended.output
    assert demo.leftovers() == []
    assert "Traceback" not in ended.output


def test_help_needs_nothing_installed() -> None:
    # -S: without the packages of any environment.
    told = subprocess.run(
        [sys.executable, "-S", "-m", "workshop.demo", "--help"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr
    for option in ("--act", "--pause", "--explain", "--report", "--keep", "--lifetime"):
        assert option in told.stdout


@pytest.mark.parametrize(
    "arguments", [("--act", "10"), ("--report", "/nowhere/report.json"), ("--lifetime", "3600")]
)
def test_an_argument_that_cannot_be_is_a_usage_error_before_anything_starts(
    arguments: tuple[str, str], tmp_path: Path
) -> None:
    refused = Demo(tmp_path / "never").play(*arguments)

    assert refused.status == 2
    assert f"argument {arguments[0]}" in refused.output
    assert not (tmp_path / "never" / "ca").exists()


def test_a_port_that_is_taken_is_named_with_its_holder_and_nothing_starts(demo: Demo) -> None:
    with socket.create_server(("127.0.0.1", demo.ports.authserver)):
        ended = demo.play("--act", "2")

    assert ended.status == 1, ended.output
    assert f"port {demo.ports.authserver} is taken by process {os.getpid()}" in ended.output
    assert "Next:" in ended.output
    assert demo.leftovers() == []
