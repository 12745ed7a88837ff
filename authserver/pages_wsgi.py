"""The pages for people over plain HTTP, for gunicorn."""

import os

from operations.settings.wsgi import application_of

# Whatever the process's environment says: no token is issued in the clear.
os.environ["DJANGO_SETTINGS_MODULE"] = "authserver.pages_settings"
application = application_of("authserver")
