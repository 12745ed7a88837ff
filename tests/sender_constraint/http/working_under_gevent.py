"""Background work in a process that gevent has patched: PORT of a server that echoes.

Prints a line for each thing that was found to be so; see ``test_background_thread``.
"""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402 - the patches come first
import socket  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

from sender_constraint.http.background_thread import Completion, start_in_background  # noqa: E402

PATIENCE_SECONDS = 10


def asked(port: int, answers: list[bytes], done: Completion) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"status?")
        answers.append(connection.recv(100))
    done.set()


def a_question_is_answered_while_no_greenlet_gets_a_turn(port: int) -> None:
    answers: list[bytes] = []
    start_in_background(lambda: asked(port, answers, Completion()))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not answers:
        assert time.monotonic() < deadline  # without a pause: the hub never runs
    assert answers == [b"status?"]


def greenlets_of_both_threads_wait_for_it(port: int) -> None:
    done, seen_beside = Completion(), Completion()
    answers: list[bytes] = []
    waiting = [gevent.spawn(done.wait, PATIENCE_SECONDS) for _ in range(5)]

    def wait_beside() -> None:
        if done.wait(PATIENCE_SECONDS):
            seen_beside.set()

    start_in_background(wait_beside)
    gevent.sleep(0.01)
    start_in_background(lambda: asked(port, answers, done))
    gevent.joinall(waiting, raise_error=True)
    assert [each.value for each in waiting] == [True] * 5
    assert seen_beside.wait(PATIENCE_SECONDS)
    assert done.wait(0)


def a_wait_has_an_end(_port: int) -> None:
    assert not Completion().wait(0.01)


def work_that_fails_stops_no_other(port: int) -> None:
    def fail() -> None:
        raise RuntimeError("expected: this work fails")

    done, answers = Completion(), list[bytes]()
    start_in_background(fail)
    start_in_background(lambda: asked(port, answers, done))
    assert done.wait(PATIENCE_SECONDS)


def a_process_that_was_forked_has_a_thread_of_its_own(port: int) -> None:
    child = os.fork()
    if child == 0:
        done, answers = Completion(), list[bytes]()
        start_in_background(lambda: asked(port, answers, done))
        os._exit(0 if done.wait(PATIENCE_SECONDS) else 1)
    assert os.waitpid(child, 0)[1] == 0


def main(port: str) -> None:
    checks: tuple[Any, ...] = (
        a_question_is_answered_while_no_greenlet_gets_a_turn,
        greenlets_of_both_threads_wait_for_it,
        a_wait_has_an_end,
        work_that_fails_stops_no_other,
        a_process_that_was_forked_has_a_thread_of_its_own,
    )
    for check in checks:
        check(int(port))
        print(check.__name__, flush=True)


main(*sys.argv[1:])
