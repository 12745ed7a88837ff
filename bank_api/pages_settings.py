"""Settings of the pages for people: the same service in the clear, for this machine, and no API.

A browser would ask its user for a certificate at the API's own port; and the API's port has no pages.
"""

from bank_api.settings import *  # noqa: F403 - the same settings, but for the addresses
from bank_api.settings import INSTALLED_APPS, MIDDLEWARE, environment

ROOT_URLCONF = "bank_api.pages_urls"
WSGI_APPLICATION = "bank_api.pages_wsgi.application"
# No other name: a foreign site's name that leads here (DNS rebinding) opens no page.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", *environment.words("PAGES_HOSTS")]
INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.staticfiles", "drf_spectacular_sidecar"]
_secured = MIDDLEWARE.index("django.middleware.security.SecurityMiddleware") + 1
MIDDLEWARE = [
    "sender_constraint.django.pages.content_security_policy",
    *MIDDLEWARE[:_secured],
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *MIDDLEWARE[_secured:],
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"
# Files are served as they lie in the packages, which a process reads once, at its start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
