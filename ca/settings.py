"""Settings of the certificate authority; every default is what the local environment uses."""

from urllib.parse import urlsplit

from ca.authority.hierarchy import LONGEST_LIFETIME
from ca.status.schedule import lineage_watch, list_publication
from ca.status.stores import ISSUING_RESPONDER, ROOT_RESPONDER, responder_store
from operations.certificates.renewal import certificate_renewal
from operations.certificates.stores import declared_store
from operations.expiries.watch import COMMON_EXPIRIES, expiry_watch
from operations.settings.environment import ServiceEnvironment

SERVICE = "ca"
_environment = ServiceEnvironment(SERVICE)

STATE_DIR = _environment.state
KEYS_DIR = STATE_DIR / "keys"
#: File (mode 0600) with the passphrase of the authority's private keys. Empty: the keys are not encrypted.
KEY_PASSPHRASE_FILE = _environment.optional_path("KEY_PASSPHRASE_FILE")
AUDIT_DIR = _environment.audit_directory()
SENDER_CONSTRAINT = _environment.library()

# Where participants find EST: the one source of the name by which this service is called.
PUBLIC_ORIGIN = _environment.text("PUBLIC_ORIGIN", "https://localhost:8440")

#: Origin of the OCSP responder and the revocation lists, as written into certificates.
STATUS_ORIGIN = _environment.text("STATUS_ORIGIN", "http://localhost:8480")

# Told to those who are admitted.
EST_URL = f"{PUBLIC_ORIGIN}/.well-known/est"

#: Lifetime of certificates, in seconds from their issue.
CERTIFICATE_LIFETIME_SECONDS = _environment.number("CERTIFICATE_LIFETIME_SECONDS", 24 * 60 * 60)
#: Lifetime of the next issuing authority, made by `init` or `replace_issuing`, in seconds.
ISSUING_AUTHORITY_LIFETIME_SECONDS = _environment.number(
    "ISSUING_AUTHORITY_LIFETIME_SECONDS", 5 * 365 * 24 * 60 * 60
)
#: Empty, or `fapi1-advanced`: only keys on P-256 are certified, not P-384 or RSA. The other
#: [claims](claims.md) about that profile hold always.
CERTIFICATE_PROFILE = _environment.text("CERTIFICATE_PROFILE", "")
#: Seconds after its expiry within which a participant's latest certificate can still be renewed.
RENEWAL_AFTER_EXPIRY_SECONDS = _environment.number("RENEWAL_AFTER_EXPIRY_SECONDS", 30 * 24 * 60 * 60)

#: Validity of OCSP responses, and so of staples, in seconds.
OCSP_VALIDITY_SECONDS = _environment.number("OCSP_VALIDITY_SECONDS", 60)
# If the issuing authority's key is lost, every participant has renewed under its successor before the
# responder's certificate expires.
#: Lifetime of the OCSP responder's certificate, in seconds: longer than any participant's certificate.
OCSP_RESPONDER_LIFETIME_SECONDS = _environment.number(
    "OCSP_RESPONDER_LIFETIME_SECONDS",
    min(3 * max(CERTIFICATE_LIFETIME_SECONDS, 24 * 60 * 60), int(LONGEST_LIFETIME.total_seconds())),
)
#: Validity of revocation lists, in seconds.
CRL_LIFETIME_SECONDS = _environment.number("CRL_LIFETIME_SECONDS", 24 * 60 * 60)
#: Seconds between two scheduled revocation lists.
CRL_INTERVAL_SECONDS = _environment.number("CRL_INTERVAL_SECONDS", 60 * 60)
#: Validity of what the root signs (its revocation list, its responder's certificate), in seconds. A root
#: key in a safe is needed at least this often.
ROOT_STATUS_LIFETIME_SECONDS = _environment.number("ROOT_STATUS_LIFETIME_SECONDS", 30 * 24 * 60 * 60)

# The authority's own certificate, with which it serves EST: it issues that one to itself.
CERTIFICATE_STORES = {
    "server": declared_store(
        _environment, "server", participant="ca", subject="CN=ca,O=Scheme Operator,C=GB", dns="localhost"
    ),
    # With which it answers OCSP for what each of its authorities issued.
    ISSUING_RESPONDER: responder_store(_environment, ISSUING_RESPONDER, "Scheme Issuing CA"),
    ROOT_RESPONDER: responder_store(_environment, ROOT_RESPONDER, "Scheme Root CA"),
}
CERTIFICATE_STORES_IN_USE = "ca.status.authorities.stores_in_use"
CERTIFICATE_ISSUER = "ca.status.delegation.own_issuer"
RENEWAL_CHECK_SECONDS = _environment.number(
    "RENEWAL_CHECK_SECONDS", max(1, CERTIFICATE_LIFETIME_SECONDS // 30)
)
# What the worker does, and how often; and what else than certificates and authorities expires.
BACKGROUND_TASKS = [
    certificate_renewal(RENEWAL_CHECK_SECONDS),
    list_publication(RENEWAL_CHECK_SECONDS),
    lineage_watch(RENEWAL_CHECK_SECONDS),
    expiry_watch(RENEWAL_CHECK_SECONDS),
]
EXPIRIES = [*COMMON_EXPIRIES, "ca.status.expiries.revocation_lists"]

# Django.
SECRET_KEY = _environment.secret_key()
DEBUG = False
ALLOWED_HOSTS = [
    urlsplit(PUBLIC_ORIGIN).hostname or "",
    urlsplit(STATUS_ORIGIN).hostname or "",
    *_environment.words("ALLOWED_HOSTS", "localhost,127.0.0.1"),
]
INSTALLED_APPS = ["ca", "ca.register", "ca.status", "operations"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "sender_constraint.django.middleware.correlation",
    "django.middleware.common.CommonMiddleware",  # Content-Length, and the Host header against ALLOWED_HOSTS
    "sender_constraint.django.problem_details.Problems",
    "ca.availability.Availability",
    "sender_constraint.django.problem_details.methods",
]
ROOT_URLCONF = "ca.urls"
WSGI_APPLICATION = "ca.wsgi.application"
DATABASES = {"default": _environment.database()}
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

# What is refused is in the audit trail, with its reason; here are the errors.
LOGGING = _environment.logging({"django": "ERROR"})

# Celery: the renewal of the certificate of this service.
REDIS_URL = _environment.text("REDIS_URL", "redis://localhost:6379/0")
