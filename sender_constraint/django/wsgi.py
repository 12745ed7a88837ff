"""A WSGI application whose settings are checked before it serves."""

from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application


def checked_wsgi_application(*tags: str) -> WSGIHandler:
    """Django's WSGI application, once the checks have passed.

    tags: of the checks to run; by default those of the setting ``SENDER_CONSTRAINT``. A server with a wrong
    setting does not start: raises SystemCheckError. Warnings go to standard error.
    """
    application = get_wsgi_application()
    call_command("check", tags=tags or ("sender_constraint",), deploy=True)
    return application
