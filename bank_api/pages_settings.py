"""Settings of the pages for people: the same service in the clear, for this machine, and no API.

A browser would ask its user for a certificate at the API's own port; and the API's port has no pages.
Commands run under them too (``manage.py``): the admin's tables and users are made by commands.
"""

from bank_api.settings import *  # noqa: F403 - the same settings, but for the addresses
from bank_api.settings import INSTALLED_APPS, SERVICE, environment
from operations.settings.pages import *  # noqa: F403 - those of all pages
from operations.settings.pages import ADMINISTRATION_APPS

ROOT_URLCONF = "bank_api.pages_urls"
WSGI_APPLICATION = "bank_api.pages_wsgi.application"
# No other name: a foreign site's name that leads here (DNS rebinding) opens no page.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", *environment.words("PAGES_HOSTS")]
INSTALLED_APPS = [*ADMINISTRATION_APPS, *INSTALLED_APPS, "drf_spectacular_sidecar"]
SESSION_COOKIE_NAME = f"{SERVICE}_session"
CSRF_COOKIE_NAME = f"{SERVICE}_csrf"
ADMIN_TITLE = "Bank API"
ADMIN_SITE_URL = "/documentation"
