"""The WSGI application that gunicorn serves."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partner_client.settings")
application = get_wsgi_application()
# A server with a wrong setting does not start.
call_command("check", deploy=True, tags=["partner_client"])
