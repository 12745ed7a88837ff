"""The settings of gunicorn that every service starts from.

A service's ``gunicorn.conf.py`` is two lines::

    from operations.settings.gunicorn import tls_front
    globals().update(tls_front("authserver"))
"""

from collections.abc import Sequence
from typing import Any

from environ import ImproperlyConfigured

from operations.alarms.alarms import Alarms
from operations.audit.audit_trail import AuditTrail
from operations.audit.reporter import TrailReporter
from operations.settings.environment import ServiceEnvironment
from sender_constraint.tls.gunicorn_settings import gunicorn_plain_settings, gunicorn_tls_settings
from sender_constraint.tls.limits import Limits, Phase

HEALTH = "/health"  # a service that is busy is not ill


#: Address on which the service listens, as `host:port`.
def tls_front(service: str, bind: str = "BIND", urgent: Sequence[str] = ()) -> dict[str, Any]:
    """The settings of a service that terminates TLS itself, with its ``server`` certificate.

    bind: the name of the setting that says where to listen, as ``host:port``. urgent: how the paths begin
    that other services ask for statuses and keys: however many other requests there are, these come first.
    Its certificate is renewed by the service's worker, or is what ``SERVER_CERTIFICATE_FILE`` and
    ``SERVER_KEY_FILE`` name, whenever that changes.
    Raises NoGeneration where the service has no certificate yet, and BrokenGeneration.
    """
    environment = ServiceEnvironment(service)
    placed = environment.placed_files("server")
    return gunicorn_tls_settings(
        environment.text(bind),
        placed.certificate if placed else None,
        placed.private_key if placed else None,
        generations=environment.state / "certificates" / "server",
        ocsp_url=environment.ocsp_url(),
        limits=limits_of(environment),
        reporter=_reporter(environment),
        urgent=(HEALTH, *urgent),
    ) | _process(environment)


def plain_front(service: str, bind: str = "BIND", urgent: Sequence[str] = ()) -> dict[str, Any]:
    """The settings of a service, or of a second port of one, that speaks HTTP in the clear.

    bind, urgent: as for ``tls_front``. Raises ImproperlyConfigured for a setting that cannot be used.
    """
    environment = ServiceEnvironment(service)
    return gunicorn_plain_settings(
        environment.text(bind),
        limits=limits_of(environment),
        reporter=_reporter(environment),
        urgent=(HEALTH, *urgent),
    ) | _process(environment)


def limits_of(environment: ServiceEnvironment) -> Limits:
    """The limits as the settings give them, in whole seconds and bytes. Raises ImproperlyConfigured."""
    limits = Limits(
        seconds={
            #: Time limit for the first byte of a connection, in seconds.
            Phase.ARRIVAL: environment.number("FIRST_BYTE_SECONDS", 10),
            #: Time limit for the TLS handshake, in seconds.
            Phase.HANDSHAKE: environment.number("HANDSHAKE_SECONDS", 10),
            #: Time limit for a request's header, in seconds.
            Phase.HEADER: environment.number("HEADER_SECONDS", 10),
            #: Time limit for a request's body, in seconds.
            Phase.BODY: environment.number("BODY_SECONDS", 10),
            #: Time limit for each write of a response, in seconds.
            Phase.RESPONSE: environment.number("RESPONSE_SECONDS", 20),
            #: Seconds that an idle connection is kept open.
            Phase.IDLE: environment.number("KEEP_ALIVE_SECONDS", 75),
        },
        #: Maximum size of a request body, in bytes. Above it: 413.
        body_bytes=environment.number("MAX_BODY_BYTES", 64 * 1024),
        #: Maximum number of connections per worker.
        connections=environment.number("MAX_CONNECTIONS", 4096),
    )
    given: list[tuple[str, float]] = [
        *limits.seconds.items(),
        ("body", limits.body_bytes),
        ("connections of a worker", limits.connections),
    ]
    for what, limit in given:
        if limit < 1:
            raise ImproperlyConfigured(f"The limit for {what} is {limit}. Use 1 or more.")
    return limits


def _process(environment: ServiceEnvironment) -> dict[str, Any]:
    """What the environment says of the processes. Raises ImproperlyConfigured."""
    #: Number of gunicorn workers. Set it to the number of cores.
    workers = environment.number("WEB_CONCURRENCY", 1)
    if workers < 1:
        raise ImproperlyConfigured(f"WEB_CONCURRENCY is {workers}. Use 1 or more.")
    return {
        "proc_name": environment.service,
        "workers": workers,
        #: Seconds that requests in progress may take to finish when a server stops.
        "graceful_timeout": environment.number("STOP_SECONDS", 8),
        "loglevel": environment.text("LOG_LEVEL", "info").lower(),
    }


def _reporter(environment: ServiceEnvironment) -> TrailReporter:
    trail = AuditTrail(environment.service, environment.audit_directory())
    alarms = Alarms(environment.state / "alarms", trail)
    return TrailReporter(lambda: trail, lambda: alarms)
