"""The WSGI application of a service: its settings are checked before it serves."""

import os

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


def application_of(service: str, *tags: str) -> WSGIHandler:
    """The application of a service; its settings are ``<service>.settings`` unless the process names others.

    tags: of numbered checks beside the service's own. A server with a wrong setting does not start: raises
    SystemCheckError. What is only dangerous is said on its log.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{service}.settings")
    application = get_wsgi_application()
    call_command("check", tags=[service, *tags], deploy=True)
    return application
