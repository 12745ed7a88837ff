"""The environment itself: real processes, killed, stopped and abandoned."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.waiting import eventually
from workshop.environment import demo_env, processes
from workshop.environment.health import Unhealthy, answers
from workshop.environment.local import Environment, attach
from workshop.environment.ports import Ports
from workshop.environment.running import CannotStart, exclusive, stop

PATIENCE_SECONDS = 60.0

LAUNCHER = """
import sys
from pathlib import Path
from workshop.environment.local import Environment
from workshop.environment.ports import Ports

def tell(step):
    print(step, flush=True)

with Environment(Path(sys.argv[1]), ports=Ports.free(), tell=tell):
    tell("everything is up")
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    root = tmp_path_factory.mktemp("environment")
    with Environment(root, ports=Ports.free(), lifetime_seconds=3600) as running:
        yield running
    assert processes.running(root) == []


@contextlib.contextmanager
def launched(root: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own that starts an environment, and keeps it until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(root)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as launcher:
        try:
            yield launcher
        finally:
            launcher.kill()
            launcher.wait()
            stop(root)


def read_until(launcher: "subprocess.Popen[str]", line: str) -> None:
    assert launcher.stdout is not None
    for said in launcher.stdout:
        if said.strip() == line:
            return
    pytest.fail(f"the launcher ended without saying {line!r}")


def children(process_id: int) -> set[int]:
    listing = subprocess.run(
        ["ps", "-axo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return {int(pid) for pid, parent in map(str.split, listing) if int(parent) == process_id}


@pytest.mark.parametrize("program", ["ca", "authserver", "bank-api", "partner-client", "redis-bank"])
def test_what_is_killed_comes_back_and_serves(environment: Environment, program: str) -> None:
    killed = environment.kill(program)
    eventually(
        lambda: environment.process_ids().get(program, killed) != killed, f"{program} is started again"
    )
    environment.wait_until_healthy(program)
    assert killed not in processes.running(environment.root)


def test_a_killed_worker_leaves_no_second_schedule_behind(environment: Environment) -> None:
    worker = environment.process_ids()["bank-api-worker"]
    eventually(lambda: bool(children(worker)), "the worker has its schedule beside it")
    family = {worker, *children(worker)}
    environment.kill("bank-api-worker")
    eventually(
        lambda: not family.intersection(processes.running(environment.root)), "the schedule is gone too"
    )
    environment.wait_until_healthy("bank-api-worker")


def test_a_program_that_was_stopped_stays_down_until_it_is_started(environment: Environment) -> None:
    environment.stop_program("partner-client")
    assert "partner-client" not in environment.process_ids()
    health = f"{environment.deployment.partner_url}/health"
    assert not answers(health, environment.deployment.trust_bundle)
    environment.start_program("partner-client")
    assert answers(health, environment.deployment.trust_bundle)


def test_another_process_finds_it_running(environment: Environment) -> None:
    found = attach(environment.root)
    assert found is not None
    assert found.deployment == environment.deployment
    assert found.process_ids() == environment.process_ids()
    found.detach()


def test_nobody_else_starts_or_stops_it_meanwhile(environment: Environment) -> None:
    with pytest.raises(CannotStart, match=rf"process {os.getpid()} is at work"), exclusive(environment.root):
        pass


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_commands_to_copy_work_as_they_are(environment: Environment, shell: str) -> None:
    script = f"{demo_env.source_command(environment.root / 'demo.env')}\n\n{demo_env.commands()}\n"
    done = subprocess.run([shell, "-eu"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    accounts, refused, payment = (
        done.stdout.index('{"accounts":['),
        done.stdout.index("HTTP/1.1 401 "),
        done.stdout.index('"creditor_name":"Paper Mill Ltd"'),
    )
    assert accounts < refused < payment


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_told_to_end_while_it_starts_it_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with launched(tmp_path) as launcher:
        read_until(launcher, "everybody enrols")
        assert processes.running(tmp_path) != []
        launcher.send_signal(number)
        status = launcher.wait(PATIENCE_SECONDS)
        # Python ends itself by SIGINT; the other signals give the status that a shell would show.
        assert status == (-number if number == signal.SIGINT else 128 + number)
        assert processes.running(tmp_path) == []


def test_down_ends_what_a_killed_launcher_left_behind(tmp_path: Path) -> None:
    with launched(tmp_path) as launcher:
        read_until(launcher, "everybody enrols")
        launcher.kill()
        launcher.wait()
        assert processes.running(tmp_path) != []
        down = [sys.executable, "-m", "workshop.environment", "down", "--state", str(tmp_path)]
        said = subprocess.run(down, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
        assert f"stopped what ran in {tmp_path}" in said
        assert processes.running(tmp_path) == []


def test_a_service_that_cannot_start_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    broken = [sys.executable, "-c", "print('the reason is this'); raise SystemExit(3)"]
    environment = Environment(tmp_path, ports=Ports.free(), commands={"ca": broken})
    with pytest.raises(Unhealthy) as unhealthy, environment:
        pass
    message = str(unhealthy.value)
    assert "ca does not start" in message
    assert "the reason is this" in message
    assert str(tmp_path / "ca" / "log" / "web.log") in message
    assert processes.running(tmp_path) == []
