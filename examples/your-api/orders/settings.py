"""Settings of the API of orders."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["localhost"]
ROOT_URLCONF = "orders.urls"
WSGI_APPLICATION = "orders.wsgi.application"
INSTALLED_APPS = ["rest_framework", "orders"]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
]
USE_TZ = True

ISSUER = os.environ["ISSUER"]
RESOURCE = os.environ["RESOURCE"]
JWKS_URL = os.environ["JWKS_URL"]
TRUST_BUNDLE = os.environ["TRUST_BUNDLE"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "file": {"class": "logging.FileHandler", "filename": os.environ["LOG_FILE"], "formatter": "line"}
    },
    "root": {"handlers": ["file"], "level": "INFO"},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["orders.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["orders.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
