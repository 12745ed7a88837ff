"""The WSGI application of a service: its settings are checked before it serves."""

import os

from django.core.handlers.wsgi import WSGIHandler

from sender_constraint.django.wsgi import checked_wsgi_application


def application_of(service: str, *tags: str) -> WSGIHandler:
    """The application of a service; its settings are ``<service>.settings`` unless the process names others.

    tags: of numbered checks beside the service's own. Raises SystemCheckError.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{service}.settings")
    return checked_wsgi_application(service, *tags)
