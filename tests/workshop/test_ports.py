"""Ports that are taken, and what is said about it."""

import os
import socket
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from workshop.environment.local import Environment
from workshop.environment.ports import Ports, holder
from workshop.environment.running import CannotStart


def test_free_ports_are_all_different_and_not_taken() -> None:
    ports = Ports.free()
    assert len(set(astuple(ports))) == len(astuple(ports))
    assert ports.taken() == []


def test_a_port_that_somebody_listens_on_is_taken_and_its_holder_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert replace(Ports.free(), authserver=port).taken() == [port]
        found = holder(port)
    assert found is not None
    assert found[0] == os.getpid()


def test_a_server_on_all_addresses_takes_the_port_too() -> None:
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        assert replace(Ports.free(), ca=port).taken() == [port]


def test_a_taken_port_is_named_with_its_holder_and_the_next_step(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environment = Environment(tmp_path, ports=replace(Ports.free(), bank_api=port))
        with pytest.raises(CannotStart) as refused, environment:
            pass
    message = str(refused.value)
    assert f"port {port} is taken by process {os.getpid()}" in message
    assert f"kill {os.getpid()}" in message
