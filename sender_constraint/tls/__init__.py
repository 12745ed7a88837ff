"""TLS for gunicorn that asks each caller for its certificate, with a limit on every wait.

Names are imported when they are first used: gunicorn, gevent and pyOpenSSL are imported by a server only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sender_constraint.tls.front import TLSFront
    from sender_constraint.tls.gunicorn_settings import gunicorn_plain_settings, gunicorn_tls_settings
    from sender_constraint.tls.limits import Limits, Phase
    from sender_constraint.tls.worker import PacedWorker

__all__ = [
    "Limits",
    "PacedWorker",
    "Phase",
    "TLSFront",
    "gunicorn_plain_settings",
    "gunicorn_tls_settings",
]

_MODULES = {
    "Limits": "limits",
    "PacedWorker": "worker",
    "Phase": "limits",
    "TLSFront": "front",
    "gunicorn_plain_settings": "gunicorn_settings",
    "gunicorn_tls_settings": "gunicorn_settings",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import one of the names above."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
