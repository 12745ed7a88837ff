"""Settings of the bank's API. Every value can be given by the environment or by ``service.env``."""

from urllib.parse import urlsplit

from operations.certificates.renewal import certificate_renewal
from operations.certificates.stores import declared_store
from operations.expiries.watch import COMMON_EXPIRIES, expiry_watch
from operations.settings.environment import ServiceEnvironment
from sender_constraint.core.resources import origin_of
from sender_constraint.django.replay import replay_store_watch

environment = ServiceEnvironment("bank_api")

SERVICE = "bank_api"
STATE_DIR = environment.state
SECRET_KEY = environment.secret_key()
DEBUG = False
# The protected resource's identifier: nothing that this service says of itself is read from the Host header.
RESOURCE = environment.text("RESOURCE", "https://localhost:8442")
# Where it is called, for what callers sign (RFC 9449 §4.3): scheme, host and port.
PUBLIC_ORIGIN = environment.text("PUBLIC_ORIGIN", origin_of(RESOURCE))
# What is for another host is refused (RFC 9110 §7.4).
ALLOWED_HOSTS = [urlsplit(RESOURCE).hostname or "localhost", *environment.words("ALLOWED_HOSTS")]
ROOT_URLCONF = "bank_api.urls"
WSGI_APPLICATION = "bank_api.wsgi.application"
INSTALLED_APPS = [
    "rest_framework",
    "drf_spectacular",
    "bank_api",
    "bank_api.accounts",
    "bank_api.payments",
    "operations",
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "sender_constraint.django.middleware.correlation",
    "sender_constraint.django.dpop.nonce_header",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",  # states Content-Length, which keeps connections open
    "sender_constraint.django.problem_details.Problems",
    "sender_constraint.django.problem_details.methods",
]
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
DATABASES = {"default": environment.database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The protected resource: whose tokens count, for which audience, and whose certificates.
ISSUER = environment.text("ISSUER", "https://localhost:8441")
# What its tokens look like, where the authorization server is not ours: see docs/integrate.md.
ISSUER_ALGORITHMS = environment.words("ISSUER_ALGORITHMS", "ES256,PS256,EdDSA")
ISSUER_JWKS_URI = environment.text("ISSUER_JWKS_URI", "")
ACCESS_TOKEN_TYPES = environment.words("ACCESS_TOKEN_TYPES", "at+jwt")
CLIENT_ID_CLAIM = environment.text("CLIENT_ID_CLAIM", "client_id")
SCOPE_CLAIM = environment.text("SCOPE_CLAIM", "scope")
# As which client this API asks the issuer about opaque tokens (RFC 7662); empty: it takes none.
INTROSPECTION_CLIENT_ID = environment.text("INTROSPECTION_CLIENT_ID", "bank-api")
# How many unknown opaque tokens a minute it asks about, in each worker: for each certificate of the scheme,
# and for all callers without one together.
INTROSPECTIONS_PER_CERTIFICATE = environment.number("INTROSPECTIONS_PER_CERTIFICATE", 60)
INTROSPECTIONS_WITHOUT_CERTIFICATE = environment.number("INTROSPECTIONS_WITHOUT_CERTIFICATE", 60)
TRUST_BUNDLE = environment.trust_bundle()
ACCEPT_FOREIGN_CERTIFICATES = environment.accept_foreign()
# DPoP (RFC 9449 §9): whether a proof needs a nonce of this API, and for how many seconds one is the current.
DPOP_NONCE_REQUIRED = environment.flag("DPOP_NONCE_REQUIRED")
DPOP_NONCE_SECONDS = environment.number("DPOP_NONCE_SECONDS", 60)

# Report mode is for the way there, and not for this API: a check forbids it.
REPORT_ROUTES = environment.words("REPORT_ROUTES")

# Whether this API keeps to FAPI 2.0 (``fapi2``), which has no unbound tokens, in a demo either.
PROFILE = environment.text("PROFILE", "")

# Under DEMO there is one route more, which accepts the unbound tokens of these clients.
DEMO = environment.flag("DEMO")
BEARER_CLIENTS = ("partner-bearer",)

AUDIT_DIR = environment.audit_directory()

# From revocation to refusal everywhere, and for how much longer an outage of the authority is survived.
REVOCATION_SECONDS = environment.number("REVOCATION_SECONDS", 5)
STATUS_GRACE_SECONDS = environment.number("STATUS_GRACE_SECONDS", 0)
OCSP_URL = environment.ocsp_url()
ISSUER_STATUS = environment.issuer_status()
EST_URL = environment.text("EST_URL", "https://localhost:8440/.well-known/est")
CERTIFICATE_STORES = {
    "server": declared_store(
        environment, "server", participant="bank-api", subject="CN=bank-api,O=Bank plc,C=GB", dns="localhost"
    ),
    # By this one the API asks the authorization server about opaque tokens.
    "client": declared_store(
        environment,
        "client",
        participant="bank-api-client",
        subject="CN=bank-api-client,O=Bank plc,C=GB",
        dns="bank-api.example",
        prefix="CLIENT_",
    ),
}
RENEWAL_CHECK_SECONDS = environment.number("RENEWAL_CHECK_SECONDS", 60)
# What the worker does, and how often; and what else than certificates and authorities expires.
BACKGROUND_TASKS = [
    certificate_renewal(RENEWAL_CHECK_SECONDS),
    expiry_watch(RENEWAL_CHECK_SECONDS),
    replay_store_watch(RENEWAL_CHECK_SECONDS),
]
EXPIRIES = [*COMMON_EXPIRIES]
REDIS_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["sender_constraint.django.authentication.BoundTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["sender_constraint.django.permissions.RequiredScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["sender_constraint.django.json_parser.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "sender_constraint.django.problem_details.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "UNICODE_JSON": True,
    # The path says what a resource is, the Accept header how: not a parameter.
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Bank API",
    "DESCRIPTION": "Accounts and payments for companies, by certificate-bound access tokens (RFC 8705).",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVERS": [{"url": RESOURCE}],
    "COMPONENT_SPLIT_REQUEST": True,
}

# Each request is in the audit trail; Django's own line for a 4xx would be a second one.
LOGGING = environment.logging({"django.request": "ERROR"})
