"""Settings of the partner's service. Each default is what the local environment uses.

There is no database: what this service keeps is its certificate and its keys, in files.
"""

from operations.certificates.client_keys import (
    MTLS,
    TLS_CLIENT_AUTH,
    client_key_turning,
    declared_keys,
    needs_certificate,
)
from operations.certificates.renewal import certificate_renewal
from operations.certificates.stores import declared_store
from operations.expiries.watch import COMMON_EXPIRIES, expiry_watch
from operations.settings.environment import ServiceEnvironment

SERVICE = "partner_client"
environment = ServiceEnvironment(SERVICE)
STATE_DIR = environment.state

# Whom we call, and as whom. SCOPE: words separated by spaces. RESOURCE: what the tokens are for (RFC 8707).
ISSUER = environment.text("ISSUER", "https://localhost:8441")
#: Token endpoint of an authorization server that publishes no metadata. Empty: discovered.
TOKEN_ENDPOINT = environment.text("TOKEN_ENDPOINT", "")
#: URL of the API that the partner calls.
API_URL = environment.text("API_URL", "https://localhost:8442")
#: The partner's client identifier.
CLIENT_ID = environment.text("CLIENT_ID", "partner")
#: Scopes to request, separated by spaces.
SCOPE = environment.text("SCOPE", "accounts payments")
RESOURCE = environment.text("RESOURCE", API_URL)
#: Additional token request parameters, as `name=value`, separated by commas.
TOKEN_PARAMETERS = environment.words("TOKEN_PARAMETERS")

#: `mtls` (tokens bound to the certificate) or `dpop` (bound to a DPoP key).
TOKEN_BINDING = environment.text("TOKEN_BINDING", MTLS)
#: `tls_client_auth`, `self_signed_tls_client_auth` or `private_key_jwt`, as registered.
CLIENT_AUTH_METHOD = environment.text("CLIENT_AUTH_METHOD", TLS_CLIENT_AUTH)
CLIENT_KEYS = declared_keys(environment, TOKEN_BINDING, CLIENT_AUTH_METHOD)
# Whether this client keeps to FAPI 2.0 (``fapi2``).
PROFILE = environment.text("PROFILE", "")

# Which servers we trust, and how their certificates are checked for revocation.
SENDER_CONSTRAINT = {**environment.library(), **environment.revocation()}
EST_URL = environment.text("EST_URL", "https://localhost:8440/.well-known/est")
# The certificate with which we call, and where it comes from. private_key_jwt with dpop needs none; one that
# is named (CLIENT_CERTIFICATE_FILE) is presented all the same.
_CLIENT = declared_store(
    environment,
    "client",
    participant="partner",
    subject="CN=partner,O=Partner Ltd,C=GB",
    dns="partner.example",
    uris="urn:example:partner",
)
_PRESENTED = needs_certificate(TOKEN_BINDING, CLIENT_AUTH_METHOD) or _CLIENT.placed is not None
CERTIFICATE_STORES = {"client": _CLIENT} if _PRESENTED else {}

SECRET_KEY = environment.secret_key()
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", *environment.words("ALLOWED_HOSTS")]
ROOT_URLCONF = "partner_client.urls"
WSGI_APPLICATION = "partner_client.wsgi.application"
INSTALLED_APPS = ["django.contrib.staticfiles", "partner_client", "operations"]
MIDDLEWARE = [
    "sender_constraint.django.middleware.correlation",
    "operations.pages.middleware_pages.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sender_constraint.django.problem_details.methods",
]
APPEND_SLASH = False
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "/static/"
# The page's style is served as it lies in the package, which a process reads once, at its start.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
# No page of another origin reads it.
WHITENOISE_ALLOW_ALL_ORIGINS = False
DATABASES: dict[str, dict[str, str]] = {}
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

AUDIT_DIR = environment.audit_directory()

RENEWAL_CHECK_SECONDS = environment.number("RENEWAL_CHECK_SECONDS", 60)
# What the worker does, and how often; and what else than certificates and authorities expires.
BACKGROUND_TASKS = [
    certificate_renewal(RENEWAL_CHECK_SECONDS),
    *client_key_turning(CLIENT_KEYS, RENEWAL_CHECK_SECONDS),
    expiry_watch(RENEWAL_CHECK_SECONDS),
]
EXPIRIES = [*COMMON_EXPIRIES]
REDIS_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")

# A line for each request would say less than the audit trail of whoever was called.
LOGGING = environment.logging({"httpx": "WARNING", "httpcore": "WARNING"})
