"""The authority as this service's settings describe it."""

from datetime import UTC, datetime, timedelta

from django.conf import settings

from ca.authority.directory import AuthorityDirectory
from ca.authority.hierarchy import ISSUING
from ca.authority.profiles import StatusPointers
from ca.authority.requests import KEY_PROFILES, KeyProfile
from ca.register.issuing import Issuer
from ca.register.own_records import check_not_revoked


def utc_now() -> datetime:
    """The clock on the wall; tests put another one in its place."""
    return datetime.now(UTC)


def authority_directory() -> AuthorityDirectory:
    """Where root and issuing authority are kept."""
    return AuthorityDirectory(settings.KEYS_DIR, settings.KEY_PASSPHRASE_FILE)


def key_profile() -> KeyProfile:
    """Which keys this authority certifies."""
    return KEY_PROFILES[settings.CERTIFICATE_PROFILE]


def current_issuer() -> Issuer:
    """An issuer for now. Raises NoAuthority, and AuthorityRevoked where its own certificate is."""
    authority = authority_directory().load_issuing()
    check_not_revoked(authority.certificate)
    return Issuer(
        authority=authority,
        pointers=StatusPointers.at(settings.STATUS_ORIGIN, ISSUING),
        lifetime=timedelta(seconds=settings.CERTIFICATE_LIFETIME_SECONDS),
        renewal_after_expiry=timedelta(seconds=settings.RENEWAL_AFTER_EXPIRY_SECONDS),
        now=utc_now(),
    )
