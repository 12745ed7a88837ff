"""Background work under gevent, where it must not depend on the turns of the hub, and without."""

import socketserver
import subprocess
import sys
import threading
from pathlib import Path

from sender_constraint.http.background_thread import Completion, start_in_background

SCRIPT = Path(__file__).with_name("working_under_gevent.py")
PATIENCE_SECONDS = 60


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.sendall(self.request.recv(100))


def test_under_gevent_it_goes_on_while_no_greenlet_gets_a_turn() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            done = subprocess.run(
                [sys.executable, str(SCRIPT), str(server.server_address[1])],
                cwd=SCRIPT.parents[3],
                env={"PYTHONPATH": "."},
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_SECONDS,
            )
        finally:
            server.shutdown()
            serving.join()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "a_question_is_answered_while_no_greenlet_gets_a_turn",
        "greenlets_of_both_threads_wait_for_it",
        "a_wait_has_an_end",
        "work_that_fails_stops_no_other",
        "a_process_that_was_forked_has_a_thread_of_its_own",
    ]


def test_without_gevent_each_work_has_a_thread_of_its_own() -> None:
    first, second = Completion(), Completion()

    def wait_for_the_second() -> None:
        if second.wait(PATIENCE_SECONDS):
            first.set()

    start_in_background(wait_for_the_second)
    start_in_background(second.set)
    assert first.wait(PATIENCE_SECONDS)
    assert not Completion().wait(0.01)
