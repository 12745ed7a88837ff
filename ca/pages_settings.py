"""Settings of the pages for people: the same service in the clear, for this machine. Its admin, and no EST.

Commands run under them too (``manage.py``): the admin's tables and users are made by commands.
"""

from ca.settings import *  # noqa: F403 - the same settings, but for the addresses
from ca.settings import INSTALLED_APPS, SERVICE, _environment
from operations.settings.pages import *  # noqa: F403 - those of all pages
from operations.settings.pages import ADMINISTRATION_APPS

ROOT_URLCONF = "operations.pages.page_urls"
WSGI_APPLICATION = "ca.pages_wsgi.application"
# No other name: a foreign site's name that leads here (DNS rebinding) opens no page.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", *_environment.words("PAGES_HOSTS")]
INSTALLED_APPS = [*ADMINISTRATION_APPS, *INSTALLED_APPS]
SESSION_COOKIE_NAME = f"{SERVICE}_session"
CSRF_COOKIE_NAME = f"{SERVICE}_csrf"
ADMIN_TITLE = "Certificate authority"
