"""The authority over TLS, for gunicorn."""

from operations.settings.wsgi import application_of

application = application_of("ca")
