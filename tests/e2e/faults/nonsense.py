"""A server with a service's own certificate that talks nonsense, or takes its time."""

import itertools
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sender_constraint.certificates.generations import GenerationStore
from tests.sender_constraint.tls_server import Answer, Asked, TLSServer

DRIP_SECONDS = 0.05
HTML = b"<html><title>It works!</title></html>"


def drips(_asked: Asked) -> Answer:
    """A header that never ends, a line at a time."""

    def lines() -> Iterator[bytes]:
        for number in itertools.count():
            time.sleep(DRIP_SECONDS)
            yield f"X-{number}: y\r\n".encode()

    return Answer(raw=lines())


def never_ends(_asked: Asked) -> Answer:
    """A body with more than anybody could mean."""
    return Answer(headers={"Content-Length": str(10**12)}, parts=itertools.repeat(b" " * 65536))


def breaks_off(_asked: Asked) -> Answer:
    """Less of a body than was announced."""
    return Answer(headers={"Content-Length": "1000"}, parts=[b'{"accounts": ['])


NONSENSE: dict[str, Callable[[Asked], Answer]] = {
    "html": lambda _asked: Answer(200, HTML, {"Content-Type": "text/html"}),
    "failure": lambda _asked: Answer(500, HTML, {"Content-Type": "text/html"}),
    "other-json": lambda _asked: Answer(200, [{"accounts": 7}, None]),
    "drips": drips,
    "never-ends": never_ends,
    "breaks-off": breaks_off,
}


@dataclass(frozen=True)
class Talker:
    """The server that talks so. port: where it listens. asked: what it was asked until now."""

    port: int
    asked: list[Asked]


@contextmanager
def talking(state: Path, kind: str) -> Iterator[Talker]:
    """Serve one kind of nonsense under the server's certificate in this state directory."""
    generation = GenerationStore(state / "certificates" / "server").current()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(generation.certificate_path, generation.private_key_path)
    with TLSServer(context, NONSENSE[kind]) as server:
        yield Talker(urlsplit(server.origin).port or 0, server.asked)
