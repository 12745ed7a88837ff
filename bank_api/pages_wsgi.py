"""The pages for people over plain HTTP, for gunicorn."""

import os

from operations.settings.wsgi import application_of

# Whatever the process's environment says: the API is never served in the clear.
os.environ["DJANGO_SETTINGS_MODULE"] = "bank_api.pages_settings"
application = application_of("bank_api")
