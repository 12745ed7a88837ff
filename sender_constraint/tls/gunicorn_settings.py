"""Settings for gunicorn: TLS that asks each caller for its certificate, and a limit on every wait.

In ``gunicorn.conf.py``::

    from sender_constraint.tls import gunicorn_tls_settings

    globals().update(
        gunicorn_tls_settings(
            "0.0.0.0:8443", "/etc/tls/tls.crt", "/etc/tls/tls.key", ocsp_url="http://ca.example/ocsp"
        )
    )

Settings of gunicorn's own, such as ``workers``, follow below these lines.
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuer_status import NONE
from sender_constraint.certificates.placed import PlacedFiles, ensure_placed, keep_placed
from sender_constraint.core.events import EventReporter, LoggingReporter
from sender_constraint.tls.front import TLSFront
from sender_constraint.tls.limits import REPLACEMENT, Limits, Phase
from sender_constraint.tls.stapling import Responder, Stapler

logger = logging.getLogger(__name__)

# Where certificates that were served are kept, below the folder in which gunicorn is started.
GENERATIONS = Path("var") / "certificates" / "server"
PLACED_SECONDS = 2.0  # how often certificate files are checked for changes
STOP_SECONDS = 8

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only for the worker's heartbeat file, which is unlinked at once


def gunicorn_tls_settings(
    bind: str,
    certificate: Path | str | None = None,
    private_key: Path | str | None = None,
    *,
    generations: Path | str = GENERATIONS,
    ocsp_url: str = NONE,
    limits: Limits | None = None,
    reporter: EventReporter | None = None,
    urgent: Sequence[str] = (),
) -> dict[str, Any]:
    """The settings of a server that terminates TLS itself.

    bind: ``host:port``.
    certificate, private_key: PEM files, the certificate with its intermediates; used at once whenever they
        change. Without them, something else publishes certificates to the store in ``generations``.
    generations: the folder of the server's GenerationStore.
    ocsp_url: of the responder whose answers are stapled (RFC 6066 §8); ``none``: nothing is stapled.
    limits: by default those of ``Limits``. reporter: by default Python's logging.
    urgent: how the paths begin that are served first, however many other requests there are.
    Raises NoGeneration where there is no usable certificate yet, and BrokenGeneration.
    """
    limits, reporter = limits or Limits(), reporter or LoggingReporter("gunicorn")
    store = GenerationStore(Path(generations))
    background: list[Callable[[], None]] = []
    if certificate is not None and private_key is not None:
        files = PlacedFiles(Path(certificate), Path(private_key))
        ensure_placed(store, files)
        background.append(partial(_keep, store, files))
    front = TLSFront(store, reporter, limits)
    if ocsp_url != NONE:
        background.append(Stapler(front.staple, Responder(ocsp_url).ask, reporter).start)
    return _settings(bind, limits, reporter, urgent, background) | {
        # gunicorn speaks TLS if it has the name of a certificate; the hook is what loads one.
        "certfile": str(store.last_good().certificate_path),
        "ssl_context": lambda _config, _default_factory: front,
    }


def gunicorn_plain_settings(
    bind: str,
    *,
    limits: Limits | None = None,
    reporter: EventReporter | None = None,
    urgent: Sequence[str] = (),
) -> dict[str, Any]:
    """The same for a server that speaks HTTP in the clear."""
    return _settings(bind, limits or Limits(), reporter or LoggingReporter("gunicorn"), urgent, ())


def _keep(store: GenerationStore, files: PlacedFiles) -> None:
    keep_placed(store, files, partial(time.sleep, PLACED_SECONDS), logger.error)


def _settings(
    bind: str,
    limits: Limits,
    reporter: EventReporter,
    urgent: Sequence[str],
    background: Sequence[Callable[[], None]],
) -> dict[str, Any]:
    return {
        "bind": bind,
        "worker_class": "sender_constraint.tls.worker.PacedWorker",
        "worker_connections": limits.connections,
        "post_fork": _equip(limits, reporter, background, tuple(urgent)),
        "preload_app": False,
        "worker_tmp_dir": str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else None,
        # Otherwise all services of one user share one control socket.
        "control_socket_disable": True,
        "keepalive": int(limits.seconds[Phase.IDLE]),
        "graceful_timeout": STOP_SECONDS,
        "backlog": 2048,
        "limit_request_line": 4094,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        # An underscore would let one header pass for another: Client_Cert for Client-Cert.
        "header_map": "refuse",
        # There is no proxy in front: no header says who the caller is.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "sendfile": False,
        "accesslog": None,
        "errorlog": "-",
    }


def _equip(
    limits: Limits,
    reporter: EventReporter,
    background: Sequence[Callable[[], None]],
    urgent: tuple[str, ...],
) -> Callable[[Any, Any], None]:
    def post_fork(_arbiter: Any, worker: Any) -> None:
        if worker.age > worker.cfg.workers:
            os.environ[REPLACEMENT] = "true"
        worker.limits = limits
        worker.reporter = reporter
        worker.background = background
        worker.urgent = urgent

    return post_fork
