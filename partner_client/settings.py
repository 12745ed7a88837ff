"""Settings of the partner's service. Each default is what the local environment uses.

There is no database: what this service keeps is its certificate, in files.
"""

from sender_constraint.django.renewal import RENEWAL_TASKS, declared_store, renewal_schedule
from sender_constraint.server.environment import ServiceEnvironment

SERVICE = "partner_client"
environment = ServiceEnvironment(SERVICE)

# Whom we call, and as whom. SCOPE: words separated by spaces. RESOURCE: what the tokens are for (RFC 8707).
ISSUER = environment.text("ISSUER", "https://localhost:8441")
API_URL = environment.text("API_URL", "https://localhost:8442")
CLIENT_ID = environment.text("CLIENT_ID", "partner")
SCOPE = environment.text("SCOPE", "accounts payments")
RESOURCE = environment.text("RESOURCE", API_URL)

# The certificate with which we call, and where it comes from.
TRUST_BUNDLE = environment.trust_bundle()
EST_URL = environment.text("EST_URL", "https://localhost:8440/.well-known/est")
CERTIFICATE_STORES = {
    "client": declared_store(
        environment,
        "client",
        participant="partner",
        subject="CN=partner,O=Partner Ltd,C=GB",
        dns="partner.example",
        uris="urn:example:partner",
    ),
}

SECRET_KEY = environment.secret_key()
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", *environment.words("ALLOWED_HOSTS")]
ROOT_URLCONF = "partner_client.urls"
WSGI_APPLICATION = "partner_client.wsgi.application"
INSTALLED_APPS = ["partner_client", "partner_client.banking", "partner_client.rotation"]
MIDDLEWARE = [
    "sender_constraint.django.middleware.correlation",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
]
APPEND_SLASH = False
DATABASES: dict[str, dict[str, str]] = {}
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

AUDIT_DIR = environment.audit_directory()

CELERY_BROKER_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 5, "socket_timeout": 30}
# A broker that is away comes back: the worker and the schedule wait for it, for as long as it takes.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_IMPORTS = RENEWAL_TASKS
CELERY_BEAT_SCHEDULE = renewal_schedule(environment.number("RENEWAL_CHECK_SECONDS", 60))

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": environment.text("LOG_LEVEL", "INFO").upper()},
    # A line for each request would say less than the audit trail of whoever was called.
    "loggers": {"httpx": {"level": "WARNING"}, "httpcore": {"level": "WARNING"}},
}
