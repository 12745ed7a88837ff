"""Settings of the bank's API. Every value can be given by the environment or by ``service.env``."""

from urllib.parse import urlsplit

from operations.certificates.renewal import certificate_renewal
from operations.certificates.stores import declared_store
from operations.expiries.watch import COMMON_EXPIRIES, expiry_watch
from operations.settings.environment import ServiceEnvironment
from operations.tasks.replay_store import replay_store_watch
from sender_constraint.core.resources import origin_of

environment = ServiceEnvironment("bank_api")

SERVICE = "bank_api"
STATE_DIR = environment.state
SECRET_KEY = environment.secret_key()
DEBUG = False
#: The API's resource identifier: the audience of its tokens (RFC 8707).
_RESOURCE = environment.text("RESOURCE", "https://localhost:8442")
# What is for another host is refused (RFC 9110 §7.4).
ALLOWED_HOSTS = [urlsplit(_RESOURCE).hostname or "localhost", *environment.words("ALLOWED_HOSTS")]
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

# Whether this API keeps to FAPI 2.0 (``fapi2``), which has no unbound tokens, in a demo either.
PROFILE = environment.text("PROFILE", "")

# Under DEMO there is one route more, which accepts unbound tokens.
DEMO = environment.flag("DEMO")

AUDIT_DIR = environment.audit_directory()

#: EST server (RFC 7030) that issues and renews this service's certificates, including a label if there is
#: one.
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
#: Redis server for background tasks and used DPoP proofs. `maxmemory-policy` must be `noeviction`. An API of
#: your own has no default; `none` refuses DPoP-bound tokens.
REDIS_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")

# The protected resource: whose tokens it accepts, for which audience, and whose certificates.
SENDER_CONSTRAINT = {
    **environment.library(),
    **environment.revocation(),
    "RESOURCE": _RESOURCE,
    #: Public origin (scheme, host, port) of the service: DPoP proofs name it at the API, participants find
    #: EST there at the authority.
    "PUBLIC_ORIGIN": environment.text("PUBLIC_ORIGIN", origin_of(_RESOURCE)),
    "ISSUER": environment.text("ISSUER", "https://localhost:8441"),
    #: Signature algorithms accepted in access tokens, separated by commas. `RS256` is accepted only if
    #: listed.
    "ISSUER_ALGORITHMS": environment.words("ISSUER_ALGORITHMS", "ES256,PS256,EdDSA"),
    #: URL of the issuer's keys, for an issuer without metadata.
    "ISSUER_JWKS_URI": environment.text("ISSUER_JWKS_URI", ""),
    #: Accepted values of the access token's `typ` header, separated by commas.
    "ACCESS_TOKEN_TYPES": environment.words("ACCESS_TOKEN_TYPES", "at+jwt"),
    #: Claim that contains the client identifier.
    "CLIENT_ID_CLAIM": environment.text("CLIENT_ID_CLAIM", "client_id"),
    #: Claim that contains the scopes: a string separated by spaces, or a list.
    "SCOPE_CLAIM": environment.text("SCOPE_CLAIM", "scope"),
    #: Client identifier with which the API introspects opaque tokens (RFC 7662). Empty: opaque tokens are
    #: refused.
    "INTROSPECTION_CLIENT_ID": environment.text("INTROSPECTION_CLIENT_ID", "bank-api"),
    "CLIENT_CERTIFICATES": CERTIFICATE_STORES["client"].path,
    #: Maximum introspection requests per minute and worker for each certificate of the scheme, for tokens not
    #: known to be active. Above it: 429.
    "INTROSPECTIONS_PER_CERTIFICATE": environment.number("INTROSPECTIONS_PER_CERTIFICATE", 60),
    #: The same limit, shared by all other callers.
    "INTROSPECTIONS_WITHOUT_CERTIFICATE": environment.number("INTROSPECTIONS_WITHOUT_CERTIFICATE", 60),
    "ACCEPT_FOREIGN_CERTIFICATES": environment.accept_foreign(),
    #: Whether every DPoP proof must contain a nonce of this server (RFC 9449 §8, §9).
    "DPOP_NONCE_REQUIRED": environment.flag("DPOP_NONCE_REQUIRED"),
    #: Seconds after which a DPoP nonce is replaced. The previous one remains valid for as long again.
    "DPOP_NONCE_SECONDS": environment.number("DPOP_NONCE_SECONDS", 60),
    "REDIS_URL": REDIS_URL,
    #: Routes that report violations and do not refuse them, during a migration: [migrate](migrate.md). An API
    #: of your own only; `bank_api.E010` forbids it here.
    "REPORT_ROUTES": environment.words("REPORT_ROUTES"),
    # Whose unbound tokens the route under DEMO accepts.
    "BEARER_CLIENTS": ("partner-bearer",),
}

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
    "SERVERS": [{"url": _RESOURCE}],
    "COMPONENT_SPLIT_REQUEST": True,
}

# Each request is in the audit trail; Django's own line for a 4xx would be a second one.
LOGGING = environment.logging({"django.request": "ERROR"})
