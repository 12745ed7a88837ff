"""The WSGI application that gunicorn serves."""

import os

from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bank_api.settings")
application = get_wsgi_application()
# A server with a wrong setting does not start; what is only dangerous is said on its log.
call_command("check", tags=["bank_api", "serving"], deploy=True)
