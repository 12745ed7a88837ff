"""A WSGI application that tells what the TLS front handed to it."""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gevent

from sender_constraint.core.thumbprints import certificate_thumbprint

computed = 0


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/wait":
        wait_for_release(environ)
    if path.startswith("/compute/"):
        compute(float(path.removeprefix("/compute/")), environ["QUERY_STRING"])
    if path == "/crash":
        raise RuntimeError("the application crashed")
    content = b"x" * 20_000_000 if path == "/large" else json.dumps(seen(environ)).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response("200 OK", headers)
    return [content]


def seen(environ: dict[str, Any]) -> dict[str, Any]:
    return {
        "thumbprints": [
            certificate_thumbprint(der) for der in environ["gunicorn.socket"].peer_certificates()
        ],
        "scheme": environ["wsgi.url_scheme"],
        "host": environ.get("HTTP_HOST"),
        "path": environ["PATH_INFO"],
        "content_length": environ.get("CONTENT_LENGTH"),
        "computed": computed,
        "body_bytes": len(environ["wsgi.input"].read()),
        "peer": f"{environ['REMOTE_ADDR']}:{environ['REMOTE_PORT']}",
    }


def compute(seconds: float, begun: str) -> None:
    """Use the processor, and let no other greenlet have a turn. begun: a file that says that it has begun."""
    global computed
    computed += 1
    if begun:
        Path(begun).touch()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def wait_for_release(environ: dict[str, Any]) -> None:
    """Answer only when the file named in the query exists; say in a file beside it that we wait."""
    release = Path(environ["QUERY_STRING"])
    release.with_suffix(".waiting").touch()
    while not release.exists():
        gevent.sleep(0.01)
