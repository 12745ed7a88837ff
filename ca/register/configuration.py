"""The authority as this service's settings describe it."""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from django.conf import settings

from ca.authority.directory import AuthorityDirectory, NoAuthority
from ca.authority.identity import identity_of, issuer_identity
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


def issuer_of(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate of the issuing authority that issued one of ours. Raises NoAuthority."""
    _, *issuing = authority_directory().certificates()
    identity = issuer_identity(certificate)
    for authority in issuing:
        if identity_of(authority) == identity:
            return authority
    raise NoAuthority(f"the certificate of {certificate.issuer.rfc4514_string()} is missing")


def key_profile() -> KeyProfile:
    """Which keys this authority certifies."""
    return KEY_PROFILES[settings.CERTIFICATE_PROFILE]


def current_issuer() -> Issuer:
    """An issuer for now. Raises NoAuthority, and AuthorityRevoked where its own certificate is."""
    name = authority_directory().current_issuing()
    authority = authority_directory().load_issuing(name)
    check_not_revoked(authority.certificate)
    return Issuer(
        authority=authority,
        pointers=StatusPointers.at(settings.STATUS_ORIGIN, name),
        lifetime=timedelta(seconds=settings.CERTIFICATE_LIFETIME_SECONDS),
        renewal_after_expiry=timedelta(seconds=settings.RENEWAL_AFTER_EXPIRY_SECONDS),
        now=utc_now(),
    )
