"""Stopping, forgetting, and the verdict of ``status``; and what Ctrl-C makes of each script."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.waiting import eventually
from tests.workshop.test_scripts import run
from workshop.environment import processes
from workshop.environment.commands import verdict
from workshop.environment.local import Environment

RESET = REPOSITORY / "scripts" / "reset"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder of an environment that does not run, with the demo's inside, and a file of the user's."""
    for root in (tmp_path, tmp_path / "demo"):
        parties = Environment(root).parties
        parties.make_folders()
        (root / "certificate-lifetime").write_text("86400")
        (root / "ca" / "keys").mkdir()
        (root / "ca" / "keys" / "root.pem").write_text("a key")
        (root / "ca" / "local.env").write_text("LOG_LEVEL=DEBUG\n")
    (tmp_path / "acme").mkdir()
    (tmp_path / "log").mkdir()
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))


def test_reset_forgets_state_and_keys_also_of_the_demo_but_no_file_of_the_users(state: Path) -> None:
    with subprocess.Popen(
        ["sleep", "60"], env={processes.MARK: processes.mark_of(state / "demo")}
    ) as running:
        status, said = run(RESET, "--yes", "--state", str(state))
        assert running.wait(10)
    assert status == 0, said
    assert f"stopped what ran in {state / 'demo'}" in said
    assert files(state) == ["acme", "log"]
    assert run(RESET, "--yes", "--state", str(state)) == (0, f"There is nothing to forget in {state}.\n")


def test_reset_asks_first_and_refuses_where_it_cannot(state: Path) -> None:
    before = files(state)
    status, said = run(RESET, "--state", str(state), stdin=subprocess.DEVNULL)
    assert (status, "Use --yes" in said, files(state)) == (2, True, before)
    for answer, expected in ((b"n\n", 1), (b"\x04", 1), (b"y\n", 0)):
        assert files(state) == before
        ours, its = pty.openpty()
        os.write(ours, answer)
        status, said = run(RESET, "--state", str(state), stdin=its)
        os.close(ours)
        os.close(its)
        assert status == expected, said
        assert "the authority and its keys" in said
    assert files(state) == ["acme", "log"]


def test_reset_leaves_alone_what_is_not_an_environment(tmp_path: Path) -> None:
    for name in ("run", "public", "ca"):
        (tmp_path / name).mkdir()
    status, said = run(RESET, "--yes", "--state", str(tmp_path))
    assert (status, files(tmp_path)) == (0, ["ca", "public", "run"]), said


def test_status_ends_with_its_verdict() -> None:
    alarm = {"name": "replay", "level": "critical", "message": "Redis is down"}
    notice = {"name": "expiry", "level": "notice", "message": "a key is old"}
    well, unwell = {"service": "ca", "alarms": [notice]}, {"service": "bank_api", "alarms": [alarm]}
    assert verdict([], [{"service": "ca", "alarms": []}]) == (False, ["Status: ok, no active alarms."])
    assert verdict([], [well]) == (False, ["notice: ca: expiry: a key is old", "Status: ok, 1 active alarm."])
    failed, lines = verdict([], [well, unwell])
    assert (failed, lines[-2:]) == (True, ["critical: bank_api: replay: Redis is down", "Status: failed."])
    assert verdict(["ca-worker"], [well])[0]


@pytest.mark.parametrize(
    "command",
    [
        ["up", "--state", "STATE"],
        ["test", "tests/workshop/test_ports.py"],
        ["check"],
        ["fuzz", "--requests", "1000"],
        ["manage", "authserver", "check"],
        ["rules", "--check"],
        ["wheel", "STATE"],
    ],
)
def test_ctrl_c_ends_a_script_with_130_and_leaves_nothing(tmp_path: Path, command: list[str]) -> None:
    """As a terminal does, the signal goes to the whole group; and it comes as soon as Python runs."""
    words = [word.replace("STATE", str(tmp_path)) for word in command]
    with subprocess.Popen(
        [REPOSITORY / "scripts" / words[0], *words[1:]],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        restore_signals=True,
    ) as script:
        eventually(lambda: python_runs(script.pid), "Python runs what the script asks for")
        os.killpg(script.pid, signal.SIGINT)
        assert script.wait(60) in (130, -signal.SIGINT)
    assert processes.running(tmp_path) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(script.pid, 0)


def python_runs(group: int) -> bool:
    """Whether the script has become, or started, the installed Python, and that loads libraries.

    While Python itself starts, an interrupt is a failure of its own, with status 1.
    """
    listing = subprocess.run(
        ["ps", "-axww", "-o", "pid=,pgid=,command="], capture_output=True, text=True, check=True
    )
    for process_id, pgid, *command in (line.split(None, 2) for line in listing.stdout.splitlines()):
        if int(pgid) == group and "".join(command).startswith(str(Path(sys.prefix).resolve())):
            maps = Path("/proc") / process_id / "maps"
            return not Path("/proc/self").exists() or (maps.exists() and "lib-dynload" in maps.read_text())
    return False
