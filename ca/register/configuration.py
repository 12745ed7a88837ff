"""The authority as this service's settings describe it."""

from datetime import UTC, datetime, timedelta

from django.conf import settings

from ca.authority.directory import AuthorityDirectory
from ca.register.issuing import Issuer


def utc_now() -> datetime:
    """The clock on the wall; tests put another one in its place."""
    return datetime.now(UTC)


def authority_directory() -> AuthorityDirectory:
    """Where root and issuing authority are kept."""
    return AuthorityDirectory(settings.KEYS_DIR)


def current_issuer() -> Issuer:
    """An issuer for now. Raises NoAuthority."""
    return Issuer(
        authority=authority_directory().load_issuing(),
        lifetime=timedelta(seconds=settings.CERTIFICATE_LIFETIME_SECONDS),
        renewal_after_expiry=timedelta(seconds=settings.RENEWAL_AFTER_EXPIRY_SECONDS),
        now=utc_now(),
    )
