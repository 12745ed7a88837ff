"""The authority's public files over plain HTTP, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

# Whatever the process's environment says: EST is never served in the clear.
os.environ["DJANGO_SETTINGS_MODULE"] = "ca.public_settings"
application = get_wsgi_application()
