"""Django and Django REST Framework: the setting ``SENDER_CONSTRAINT``, authentication, middleware, checks.

Names are imported when they are first used: settings of Django REST Framework name some of them, and are read
while the framework itself is imported.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sender_constraint.django.authentication import (
        BoundTokenAuthentication,
        ClientPrincipal,
        UnboundToken,
        UnboundTokenAuthentication,
    )
    from sender_constraint.django.conf import LibrarySettings, library_settings
    from sender_constraint.django.dpop import nonce_header
    from sender_constraint.django.events import correlation_id_of
    from sender_constraint.django.exceptions import exception_handler
    from sender_constraint.django.json_parser import StrictJSONParser
    from sender_constraint.django.metadata import protected_resource_metadata
    from sender_constraint.django.middleware import SenderConstraintMiddleware, correlation
    from sender_constraint.django.peer import Peer, peer_of
    from sender_constraint.django.permissions import RequiredScope
    from sender_constraint.django.report_mode import ReportingTokenAuthentication
    from sender_constraint.django.wsgi import checked_wsgi_application

__all__ = [
    "BoundTokenAuthentication",
    "ClientPrincipal",
    "LibrarySettings",
    "Peer",
    "ReportingTokenAuthentication",
    "RequiredScope",
    "SenderConstraintMiddleware",
    "StrictJSONParser",
    "UnboundToken",
    "UnboundTokenAuthentication",
    "checked_wsgi_application",
    "correlation",
    "correlation_id_of",
    "exception_handler",
    "library_settings",
    "nonce_header",
    "peer_of",
    "protected_resource_metadata",
]

_MODULES = {
    "BoundTokenAuthentication": "authentication",
    "ClientPrincipal": "authentication",
    "LibrarySettings": "conf",
    "Peer": "peer",
    "ReportingTokenAuthentication": "report_mode",
    "RequiredScope": "permissions",
    "SenderConstraintMiddleware": "middleware",
    "StrictJSONParser": "json_parser",
    "UnboundToken": "authentication",
    "UnboundTokenAuthentication": "authentication",
    "checked_wsgi_application": "wsgi",
    "correlation": "middleware",
    "correlation_id_of": "events",
    "exception_handler": "exceptions",
    "library_settings": "conf",
    "nonce_header": "dpop",
    "peer_of": "peer",
    "protected_resource_metadata": "metadata",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Import one of the names above."""
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
