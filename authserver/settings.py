"""Settings of the authorization server. Each default is what the local environment uses."""

from urllib.parse import urlsplit

from authserver.client_authentication.schedule import following_removals
from authserver.issued_tokens.schedule import forgetting
from authserver.keys.schedule import key_turning
from operations.certificates.renewal import certificate_renewal
from operations.certificates.stores import declared_store
from operations.expiries.watch import COMMON_EXPIRIES, expiry_watch
from operations.settings.environment import ServiceEnvironment
from operations.tasks.replay_store import replay_store_watch

SERVICE = "authserver"
environment = ServiceEnvironment(SERVICE)
STATE_DIR = environment.state

#: The authorization server's issuer identifier (RFC 8414). Never taken from a request's Host header.
ISSUER = environment.text("ISSUER", "https://localhost:8441")
#: Lifetime of access tokens, in seconds. No token outlives the certificate it is bound to.
ACCESS_TOKEN_LIFETIME_SECONDS = environment.number("ACCESS_TOKEN_LIFETIME_SECONDS", 300)
#: APIs that tokens can be issued for (RFC 8707), separated by commas. The first is the default.
RESOURCES = environment.words("RESOURCES", "https://localhost:8442,https://other-api.example")
#: Scopes that tokens can be issued for, separated by commas.
SCOPES = environment.words("SCOPES", "accounts,payments")
#: Hosts (`host` or `host:port`) from which client keys may be fetched by `jwks_uri`. Empty: none.
JWKS_URI_HOSTS = environment.words("JWKS_URI_HOSTS")
#: PEM file of the authorities of these hosts, in addition to the scheme's. Empty: those that the operating
#: system trusts.
JWKS_URI_TRUST = environment.optional_path("JWKS_URI_TRUST")
#: `iss` of the software statements accepted at registration (RFC 7591 §2.3). Empty: none are accepted.
SOFTWARE_STATEMENT_ISSUER = environment.text("SOFTWARE_STATEMENT_ISSUER", "")
#: Public keys of that issuer: a file, or an https URL, to which `JWKS_URI_HOSTS` does not apply.
SOFTWARE_STATEMENT_JWKS = environment.text("SOFTWARE_STATEMENT_JWKS", "")
#: Maximum number of registered clients per software (`software_id`, RFC 7591 §2). Above it: 429.
REGISTRATIONS_PER_SOFTWARE_ID = environment.number("REGISTRATIONS_PER_SOFTWARE_ID", 10)
#: Maximum number of clients that can register themselves within an hour. Above it: 429.
REGISTRATIONS_PER_HOUR = environment.number("REGISTRATIONS_PER_HOUR", 240)
#: Empty, or `fapi2`: FAPI 2.0 for all clients, not only for those that registered for it.
PROFILE = environment.text("PROFILE", "")
#: Clients whose missing or wrong proof is reported, not refused, during a migration: [migrate](migrate.md).
REPORT_CLIENTS = environment.words("REPORT_CLIENTS")
#: Demo mode: the bearer client, its route at the API, and the seed data. Announced at every start.
DEMO = environment.flag("DEMO")
#: Number of tokens per status list. An API keeps one bit per token in memory.
STATUS_LIST_SIZE = environment.number("STATUS_LIST_SIZE", 2**20)
#: Folder of client metadata, one JSON file per client, that `prepare` registers in demo mode.
DEMO_REGISTRATIONS = environment.optional_path("DEMO_REGISTRATIONS")
SIGNING_KEYS = environment.state / "keys"
#: Seconds for which a key signs tokens.
SIGNING_KEY_LIFETIME_SECONDS = environment.number("SIGNING_KEY_LIFETIME_SECONDS", 30 * 24 * 60 * 60)
#: Seconds for which verifiers may cache the published keys.
JWKS_MAX_AGE_SECONDS = environment.number("JWKS_MAX_AGE_SECONDS", 300)

SECRET_KEY = environment.secret_key()
DEBUG = False
#: Additional host names that the service accepts, separated by commas.
ALLOWED_HOSTS = [urlsplit(ISSUER).hostname or "localhost", *environment.words("ALLOWED_HOSTS")]
ROOT_URLCONF = "authserver.urls"
WSGI_APPLICATION = "authserver.wsgi.application"
INSTALLED_APPS = ["authserver", "authserver.clients", "authserver.issued_tokens", "operations"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "sender_constraint.django.middleware.correlation",
    "authserver.endpoints.responses.response_headers",
    "sender_constraint.django.dpop.nonce_header",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "authserver.outages.Outages",
    "sender_constraint.django.middleware.Refusals",
    "sender_constraint.django.problem_details.methods",
]
APPEND_SLASH = False
# HTTP-only neighbours share the name localhost in the local environment: no HSTS.
DATABASES = {"default": environment.database()}
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

AUDIT_DIR = environment.audit_directory()
REDIS_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")
SENDER_CONSTRAINT = {
    **environment.library(),
    **environment.revocation(),
    # Whether DPoP proofs at the token endpoint carry a nonce of this server (RFC 9449 §8).
    "DPOP_NONCE_REQUIRED": environment.flag("DPOP_NONCE_REQUIRED"),
    "DPOP_NONCE_SECONDS": environment.number("DPOP_NONCE_SECONDS", 60),
    # Whether a certificate that no authority of the scheme issued may bind tokens, of a client that
    # authenticates in another way.
    "ACCEPT_FOREIGN_CERTIFICATES": environment.accept_foreign(),
    "REDIS_URL": REDIS_URL,
}
EST_URL = environment.text("EST_URL", "https://localhost:8440/.well-known/est")
CERTIFICATE_STORES = {
    "server": declared_store(
        environment, "server", participant=SERVICE, subject="CN=authserver,O=Bank plc,C=GB", dns="localhost"
    ),
}

#: Interval, in seconds, at which the worker checks certificates, revocation lists and everything else that
#: expires.
RENEWAL_CHECK_SECONDS = environment.number("RENEWAL_CHECK_SECONDS", 60)
# What the worker does, and how often; and what else than certificates and authorities expires.
BACKGROUND_TASKS = [
    certificate_renewal(RENEWAL_CHECK_SECONDS),
    key_turning(SIGNING_KEY_LIFETIME_SECONDS),
    forgetting(RENEWAL_CHECK_SECONDS),
    following_removals(SENDER_CONSTRAINT["REVOCATION_SECONDS"]),
    expiry_watch(RENEWAL_CHECK_SECONDS),
    replay_store_watch(RENEWAL_CHECK_SECONDS),
]
EXPIRIES = [*COMMON_EXPIRIES, "authserver.keys.expiries.signing_keys"]

# Each refusal is in the audit trail; Django's own lines, and its tracebacks for odd hosts, repeat it.
LOGGING = environment.logging({"django.request": "ERROR"})
