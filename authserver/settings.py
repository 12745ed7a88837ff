"""Settings of the authorization server. Each default is what the local environment uses."""

from urllib.parse import urlsplit

from authserver.client_authentication.schedule import following_removals
from authserver.issued_tokens.schedule import forgetting
from authserver.keys.schedule import key_turning
from operations.certificates.renewal import certificate_renewal
from operations.certificates.stores import declared_store
from operations.expiries.watch import COMMON_EXPIRIES, expiry_watch
from operations.settings.environment import ServiceEnvironment
from sender_constraint.django.replay import replay_store_watch

SERVICE = "authserver"
environment = ServiceEnvironment(SERVICE)
STATE_DIR = environment.state

# What this server says about itself comes from here, never from a request's Host header.
ISSUER = environment.text("ISSUER", "https://localhost:8441")
ACCESS_TOKEN_LIFETIME_SECONDS = environment.number("ACCESS_TOKEN_LIFETIME_SECONDS", 300)
# For what tokens are issued: RFC 8707 resources, the first one being the default, and RFC 6749 scope values.
RESOURCES = environment.words("RESOURCES", "https://localhost:8442,https://other-api.example")
SCOPES = environment.words("SCOPES", "accounts,payments")
# Of which hosts (``host`` or ``host:port``) clients' keys are fetched by their jwks_uri.
JWKS_URI_HOSTS = environment.words("JWKS_URI_HOSTS")
# PEM file of the authorities of these hosts, beside the scheme's; without one, those that the machine trusts.
JWKS_URI_TRUST = environment.optional_path("JWKS_URI_TRUST")
# Whose software statements are taken at registration (RFC 7591 §2.3): nobody's where this is empty.
SOFTWARE_STATEMENT_ISSUER = environment.text("SOFTWARE_STATEMENT_ISSUER", "")
# The keys of that directory: a file, or an https address, which the hosts above do not limit.
SOFTWARE_STATEMENT_JWKS = environment.text("SOFTWARE_STATEMENT_JWKS", "")
# How many clients of one software (RFC 7591 §2, software_id) may be registered at a time, and how many
# clients may register themselves within an hour: more are answered 429.
REGISTRATIONS_PER_SOFTWARE_ID = environment.number("REGISTRATIONS_PER_SOFTWARE_ID", 10)
REGISTRATIONS_PER_HOUR = environment.number("REGISTRATIONS_PER_HOUR", 240)
# Whether all are held to FAPI 2.0 (``fapi2``), and not only clients that registered for it.
PROFILE = environment.text("PROFILE", "")
# Whether DPoP proofs at the token endpoint carry a nonce of this server (RFC 9449 §8).
DPOP_NONCE_REQUIRED = environment.flag("DPOP_NONCE_REQUIRED")
DPOP_NONCE_SECONDS = environment.number("DPOP_NONCE_SECONDS", 60)
# Whether a certificate that no authority of the scheme issued may bind tokens, of a client that authenticates
# in another way.
ACCEPT_FOREIGN_CERTIFICATES = environment.accept_foreign()
# Clients of which a missing or wrong proof is reported and not refused, on the way there: docs/migrate.md.
REPORT_CLIENTS = environment.words("REPORT_CLIENTS")
# Tokens that are bound to nothing may be issued, to clients registered for them.
DEMO = environment.flag("DEMO")
# How many tokens have their status in one list: eight of them in each byte that an API keeps in memory.
STATUS_LIST_SIZE = environment.number("STATUS_LIST_SIZE", 2**20)
# Metadata of clients, a JSON file each, that "prepare" registers under DEMO beside its own.
DEMO_REGISTRATIONS = environment.optional_path("DEMO_REGISTRATIONS")
SIGNING_KEYS = environment.state / "keys"
# For how long a key signs, and for how long those who verify may keep the published ones.
SIGNING_KEY_LIFETIME_SECONDS = environment.number("SIGNING_KEY_LIFETIME_SECONDS", 30 * 24 * 60 * 60)
JWKS_MAX_AGE_SECONDS = environment.number("JWKS_MAX_AGE_SECONDS", 300)

SECRET_KEY = environment.secret_key()
DEBUG = False
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
TRUST_BUNDLE = environment.trust_bundle()
# From revocation to refusal everywhere, and for how much longer an outage of the authority is survived.
REVOCATION_SECONDS = environment.number("REVOCATION_SECONDS", 5)
STATUS_GRACE_SECONDS = environment.number("STATUS_GRACE_SECONDS", 0)
OCSP_URL = environment.ocsp_url()
ISSUER_STATUS = environment.issuer_status()
EST_URL = environment.text("EST_URL", "https://localhost:8440/.well-known/est")
CERTIFICATE_STORES = {
    "server": declared_store(
        environment, "server", participant=SERVICE, subject="CN=authserver,O=Bank plc,C=GB", dns="localhost"
    ),
}

RENEWAL_CHECK_SECONDS = environment.number("RENEWAL_CHECK_SECONDS", 60)
# What the worker does, and how often; and what else than certificates and authorities expires.
BACKGROUND_TASKS = [
    certificate_renewal(RENEWAL_CHECK_SECONDS),
    key_turning(SIGNING_KEY_LIFETIME_SECONDS),
    forgetting(RENEWAL_CHECK_SECONDS),
    following_removals(REVOCATION_SECONDS),
    expiry_watch(RENEWAL_CHECK_SECONDS),
    replay_store_watch(RENEWAL_CHECK_SECONDS),
]
EXPIRIES = [*COMMON_EXPIRIES, "authserver.keys.expiries.signing_keys"]
REDIS_URL = environment.text("REDIS_URL", "redis://localhost:6379/0")

# Each refusal is in the audit trail; Django's own lines, and its tracebacks for odd hosts, repeat it.
LOGGING = environment.logging({"django.request": "ERROR"})
