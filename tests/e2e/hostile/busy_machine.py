"""Neighbours that keep the processors and the disk busy, and callers that keep their connections open.

``python -m tests.e2e.hostile.busy_machine burn`` and ``... write FOLDER`` are the neighbours; each ends when
its standard input does, so that none is left when the tests are killed. ``... call`` reads an Order as JSON
from standard input and writes an Outcome.
"""

import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic, time

BURNERS = 10
WRITERS = 3
FILE_BYTES = 200 * 1024 * 1024
CHUNK = bytes(1024 * 1024)
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Order:
    """The same request, again and again, on so many connections at once, for so many seconds."""

    port: int
    trust_bundle: str
    certificate: str
    private_key: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    connections: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How it went, by HTTP status or error: how many requests ended that way, and when the last was sent.

    last_sent: seconds since 1970. longest: the seconds that one request took.
    """

    ends: dict[str, int]
    last_sent: dict[str, float]
    longest: float


def program(*arguments: str) -> subprocess.Popen[str]:
    """This module as a program of its own."""
    command = [sys.executable, "-m", "tests.e2e.hostile.busy_machine", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@contextmanager
def calling(order: Order) -> Iterator[Callable[[], Outcome]]:
    """Within the block, a program carries the order out; the function waits for it, for how it went."""
    with program("call") as caller:
        assert caller.stdin is not None
        json.dump(asdict(order), caller.stdin)
        caller.stdin.close()
        caller.stdin = None
        try:
            yield lambda: Outcome(**json.loads(caller.communicate()[0]))
        finally:
            caller.kill()


@contextmanager
def busy_machine(folder: Path) -> Iterator[None]:
    """Within the block, other processes compete for the processors and the disk of this folder."""
    with ExitStack() as stack:
        for arguments in [("burn",)] * BURNERS + [("write", str(folder))] * WRITERS:
            neighbour = stack.enter_context(program(*arguments))
            stack.callback(neighbour.kill)
        yield


def call(order: Order) -> Outcome:
    """Carry an order out."""
    context = ssl.create_default_context(cafile=order.trust_bundle)
    context.load_cert_chain(order.certificate, order.private_key)
    ends: Counter[str] = Counter()
    last_sent: dict[str, float] = {}
    waits: list[float] = [0.0]
    deadline = monotonic() + order.seconds

    def work() -> None:
        connection = http.client.HTTPSConnection(
            "localhost", order.port, timeout=TIMEOUT_SECONDS, context=context
        )
        while (started := monotonic()) < deadline:
            sent_at = time()
            try:
                connection.request(order.method, order.path, order.body or None, dict(order.headers))
                response = connection.getresponse()
                response.read()
                end = str(response.status)
            except (OSError, http.client.HTTPException) as error:
                end = type(error).__name__
                connection.close()
            ends[end] += 1
            last_sent[end] = max(sent_at, last_sent.get(end, 0.0))
            waits.append(monotonic() - started)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(order.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Outcome(dict(ends), last_sent, max(waits))


def burn() -> None:
    """Use a processor."""
    while True:
        sum(range(100_000))


def write(folder: Path) -> None:
    """Write a file and have it reach the disk, again and again. It has no name: it ends with the process."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        while True:
            file.seek(0)
            file.truncate()
            for _ in range(FILE_BYTES // len(CHUNK)):
                file.write(CHUNK)
            os.fsync(file.fileno())


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "call":
        json.dump(asdict(call(Order(**json.load(sys.stdin)))), sys.stdout)
    else:
        threading.Thread(target=_end_with_standard_input, daemon=True).start()
        burn() if sys.argv[1] == "burn" else write(Path(sys.argv[2]))
