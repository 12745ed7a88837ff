"""The pages for people over plain HTTP, for gunicorn."""

import os

from sender_constraint.django.wsgi import application_of

# Whatever the process's environment says: no token is issued in the clear.
os.environ["DJANGO_SETTINGS_MODULE"] = "authserver.pages_settings"
application = application_of("authserver")
