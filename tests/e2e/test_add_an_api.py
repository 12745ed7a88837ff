"""The tutorial that adds an API of one's own: typed from an empty folder, where everything runs."""

import contextlib
import os
import signal
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.settings.environment import REPOSITORY
from tests.e2e.reading import Reader, commands_of
from workshop.environment.local import Environment
from workshop.environment.ports import Ports, free_port

PAGE = "add-an-api.md"
# The addresses that the page gives to the API and its Redis server.
API_PORT, REDIS_PORT = "8460", "8461"


@pytest.fixture
def ports() -> dict[str, str]:
    """Free ones, by those of the page."""
    return {API_PORT: str(free_port()), REDIS_PORT: str(free_port())}


@pytest.fixture
def environment(ports: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Started with the setting that the page gives to ``up``."""
    own = Ports.free()
    said = f"--set authserver.RESOURCES=https://localhost:{Ports().bank_api},https://localhost:{API_PORT}\n"
    assert said in (REPOSITORY / "docs" / PAGE).read_text()
    resources = f"https://localhost:{own.bank_api},https://localhost:{ports[API_PORT]}"
    root = tmp_path_factory.mktemp("next-to-up")
    settings = {"authserver": {"RESOURCES": resources}}
    with Environment(root, ports=own, lifetime_seconds=3600, settings=settings, fresh=True) as running:
        yield running


@pytest.mark.clause("RFC 8707 §2")
@pytest.mark.clause("RFC 9728 §3.1")
def test_the_page_leads_from_an_empty_folder_to_an_api_that_refuses_thieves(
    environment: Environment, ports: dict[str, str], tmp_path: Path
) -> None:
    reader = Reader(environment.root, tmp_path)
    wheel = tmp_path / "scripts" / "wheel"
    wheel.write_text(f'#!/bin/sh\nexec "{REPOSITORY}/scripts/wheel" "$@"\n')
    wheel.chmod(0o755)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = commands_of(PAGE)
    for printed, port in ports.items():
        script = script.replace(printed, port)
    try:
        said = reader.types(
            script,
            PATH=f"{sys.prefix}/bin:{os.environ['PATH']}",
            # In place of a package index: what the library depends on is there already, itself it is not.
            PIP_NO_INDEX="1",
            PYTHONPATH=sysconfig.get_path("purelib"),
        )
    finally:
        for name in ("gunicorn.pid", "redis.pid"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
                os.kill(int((tmp_path / "statements" / name).read_text()), signal.SIGTERM)

    assert "System check identified no issues" in said
    assert f'"resource": "https://localhost:{ports[API_PORT]}"' in said
    assert '{"client":"partner","statements":["2026-01","2026-02"]}' in said
    assert said.count("HTTP/1.1 401") == 2
    assert "binding.certificate" in said
    assert 'owner: 200 {"client":"dpop-client"' in said
    assert said.count("thief, ") == said.count(": 401 ") == 4
    for rule in ("dpop.missing", "dpop.replayed", "dpop.other-key", "binding.dpop-token-as-bearer"):
        assert rule in said, said
    installed = tmp_path / "statements" / ".venv"
    assert len(list(installed.glob("lib/*/site-packages/sender_constraint"))) == 1
