"""The settings of gunicorn that every service starts from.

A service's ``gunicorn.conf.py`` is two lines::

    from operations.settings.gunicorn import tls_front
    globals().update(tls_front("authserver"))
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from environ import ImproperlyConfigured

from operations.alarms.alarms import Alarms
from operations.audit.audit_trail import AuditTrail
from operations.settings.environment import ServiceEnvironment
from sender_constraint.certificates.generations import GenerationStore
from sender_constraint.certificates.issuer_status import NONE
from sender_constraint.certificates.placed import PlacedFiles, ensure_placed, keep_placed
from sender_constraint.tls.front import TLSFront
from sender_constraint.tls.limits import Limits, Phase, limits_of
from sender_constraint.tls.stapling import Responder, Stapler

logger = logging.getLogger(__name__)

PLACED_SECONDS = 2.0  # how often the files are looked at that something else puts in place

HEALTH = "/health"  # a service that is busy is not ill

# In the environment of a worker that was started in place of another: what was there when the service started
# may be down now, and must not keep the worker from serving.
REPLACEMENT = "SENDER_CONSTRAINT_REPLACEMENT_WORKER"

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - only for the worker's heartbeat file, which is unlinked at once


def tls_front(service: str, bind: str = "BIND", urgent: Sequence[str] = ()) -> dict[str, Any]:
    """The settings of a service that terminates TLS itself, with its ``server`` certificate.

    bind: the name of the setting that says where to listen, as ``host:port``. urgent: how the paths begin
    that other services ask for statuses and keys: however many other requests there are, these come first.
    Its certificate is renewed by the service's worker, or is what stands in ``SERVER_CERTIFICATE_FILE`` and
    ``SERVER_KEY_FILE``, whenever that changes.
    Raises NoGeneration where the service has no certificate yet, and BrokenGeneration.
    """
    environment = ServiceEnvironment(service)
    audit = _audit(environment)
    store = GenerationStore(environment.state / "certificates" / "server")
    placed = environment.placed_files("server")
    if placed is not None:
        ensure_placed(store, placed)
    front = TLSFront(store, audit, limits_of(environment))
    background: list[Callable[[], None]] = []
    if environment.ocsp_url() != NONE:
        responder = Responder(environment.ocsp_url())
        background.append(
            Stapler(front.staple, responder.ask, Alarms(environment.state / "alarms", audit)).start
        )
    if placed is not None:
        background.append(partial(_keep, store, placed))
    return _front(environment, audit, bind, urgent, *background) | {
        # gunicorn speaks TLS if it has the name of a certificate; the hook is what loads one.
        "certfile": str(store.last_good().certificate_path),
        "ssl_context": lambda _config, _default_factory: front,
    }


def plain_front(service: str, bind: str = "BIND", urgent: Sequence[str] = ()) -> dict[str, Any]:
    """The settings of a service, or of a second port of one, that speaks HTTP in the clear.

    bind, urgent: as for ``tls_front``. Raises ImproperlyConfigured for a setting that cannot be used.
    """
    environment = ServiceEnvironment(service)
    return _front(environment, _audit(environment), bind, urgent)


def _keep(store: GenerationStore, placed: PlacedFiles) -> None:
    keep_placed(store, placed, partial(time.sleep, PLACED_SECONDS), logger.error)


def _front(
    environment: ServiceEnvironment,
    audit: AuditTrail,
    bind: str,
    urgent: Sequence[str],
    *background: Callable[[], None],
) -> dict[str, Any]:
    """The settings of both fronts. Raises ImproperlyConfigured for a setting that cannot be used."""
    limits = limits_of(environment)
    workers = environment.number("WEB_CONCURRENCY", 1)
    if workers < 1:
        raise ImproperlyConfigured(f"WEB_CONCURRENCY is {workers}. Use 1 or more.")
    return {
        "bind": environment.text(bind),
        "proc_name": environment.service,
        "workers": workers,
        "worker_class": "sender_constraint.tls.worker.PacedWorker",
        "worker_connections": limits.connections,
        "post_fork": _equip(limits, audit, background, (HEALTH, *urgent)),
        "preload_app": False,
        "worker_tmp_dir": str(SHARED_MEMORY) if SHARED_MEMORY.is_dir() else None,
        # Otherwise all services of one user share one control socket.
        "control_socket_disable": True,
        "keepalive": int(limits.seconds[Phase.IDLE]),
        "graceful_timeout": environment.number("STOP_SECONDS", 8),
        "backlog": 2048,
        "limit_request_line": 4094,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
        # An underscore would let one header pass for another: Client_Cert for Client-Cert.
        "header_map": "refuse",
        # There is no proxy in front: nobody may say who the caller is.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "sendfile": False,
        "accesslog": None,
        "errorlog": "-",
        "loglevel": environment.text("LOG_LEVEL", "info").lower(),
    }


def _audit(environment: ServiceEnvironment) -> AuditTrail:
    return AuditTrail(environment.service, environment.audit_directory())


def _equip(
    limits: Limits, audit: AuditTrail, background: Sequence[Callable[[], None]], urgent: tuple[str, ...]
) -> Callable[[Any, Any], None]:
    def post_fork(_arbiter: Any, worker: Any) -> None:
        if worker.age > worker.cfg.workers:
            os.environ[REPLACEMENT] = "true"
        worker.limits = limits
        worker.audit = audit
        worker.background = background
        worker.urgent = urgent

    return post_fork
