"""The authority over TLS, for gunicorn."""

from sender_constraint.django.wsgi import application_of

application = application_of("ca")
