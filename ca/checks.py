"""Numbered checks of this service's settings: they run with every command and before serving."""

import stat
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from ca.authority.directory import NoAuthority, WrongPassphrase
from ca.authority.founding import is_bundle_of
from ca.authority.hierarchy import LONGEST_LIFETIME
from ca.authority.requests import KEY_PROFILES
from ca.register.configuration import authority_directory
from operations.settings.checks import check_renewal
from sender_constraint.django.conf import library_settings

TAG = "ca"
_STATUS_SECONDS = (
    "OCSP_VALIDITY_SECONDS",
    "OCSP_RESPONDER_LIFETIME_SECONDS",
    "CRL_LIFETIME_SECONDS",
    "CRL_INTERVAL_SECONDS",
    "ROOT_STATUS_LIFETIME_SECONDS",
)


def check_lifetime(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E001: a positive lifetime, at most 398 days with the backdated minute."""
    longest = int(LONGEST_LIFETIME.total_seconds())
    if 0 < settings.CERTIFICATE_LIFETIME_SECONDS <= longest:
        return []
    return [
        Error(
            f"CERTIFICATE_LIFETIME_SECONDS is out of range: {settings.CERTIFICATE_LIFETIME_SECONDS}.",
            hint=f"Set it to 1 to {longest} ({timedelta(seconds=longest)}).",
            id="ca.E001",
        )
    ]


def check_renewal_after_expiry(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E002: not negative."""
    if settings.RENEWAL_AFTER_EXPIRY_SECONDS >= 0:
        return []
    return [
        Error(
            f"RENEWAL_AFTER_EXPIRY_SECONDS is negative: {settings.RENEWAL_AFTER_EXPIRY_SECONDS}.",
            hint="Set it to 0 to renew no expired certificates, or to 2592000 for 30 days.",
            id="ca.E002",
        )
    ]


def check_certificate_profile(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E010: a known profile; a misspelt one would have no effect."""
    if settings.CERTIFICATE_PROFILE in KEY_PROFILES:
        return []
    names = ", ".join(filter(None, KEY_PROFILES))
    hint = f"Leave it empty, or set it to {names}."
    return [
        Error(f"CERTIFICATE_PROFILE is unknown: {settings.CERTIFICATE_PROFILE!r}.", hint=hint, id="ca.E010")
    ]


def check_public_origin(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E003: EST is served over TLS at an origin, without a path (RFC 7030 §3.2.2 adds its own)."""
    origin = urlsplit(settings.PUBLIC_ORIGIN)
    if origin.scheme == "https" and origin.hostname and not origin.path.strip("/"):
        return []
    return [
        Error(
            f"PUBLIC_ORIGIN must be an https origin: {settings.PUBLIC_ORIGIN!r}.",
            hint="Set it to scheme, host and port only, for example https://ca.example:8440.",
            id="ca.E003",
        )
    ]


def check_private_keys(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E004: only the owner can read the CA's keys."""
    open_to_others = [
        path
        for path in authority_directory().private_key_paths()
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    return [
        Error(f"Other users can read {path}.", hint=f"Run: chmod 600 {path}", id="ca.E004")
        for path in open_to_others
    ]


def check_passphrase(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E007: the passphrase, if configured, exists and is right. A key may be offline."""
    authority = authority_directory()
    try:
        authority.passphrase()
        if authority.exists():
            authority.load_issuing()
    except WrongPassphrase as error:
        hint = "Set KEY_PASSPHRASE_FILE to a file of mode 0600 with the passphrase of the CA's keys."
        return [Error(f"The CA's keys cannot be used: {error}.", hint=hint, id="ca.E007")]
    except NoAuthority:
        return []  # reported by the commands that need it
    return []


def check_status_origin(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E008: status is published over plain HTTP, at an origin without a path."""
    origin = urlsplit(settings.STATUS_ORIGIN)
    if origin.scheme == "http" and origin.hostname and not origin.path:
        return []
    return [
        Error(
            f"STATUS_ORIGIN must be an http origin: {settings.STATUS_ORIGIN!r}.",
            hint="Set it to scheme, host and port only, for example http://ca.example:8480.",
            id="ca.E008",
        )
    ]


def check_status_lifetimes(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E009: positive lifetimes, and revocation lists that overlap."""
    wrong = [name for name in _STATUS_SECONDS if getattr(settings, name) <= 0]
    if wrong:
        return [Error(f"{', '.join(wrong)} must be positive.", hint="Set seconds.", id="ca.E009")]
    if settings.CRL_INTERVAL_SECONDS < settings.CRL_LIFETIME_SECONDS:
        return []
    return [
        Error(
            "CRL_INTERVAL_SECONDS must be less than CRL_LIFETIME_SECONDS.",
            hint="Each revocation list must be published before the previous one expires.",
            id="ca.E009",
        )
    ]


def check_issuing_lifetime(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E010: a positive lifetime."""
    if settings.ISSUING_AUTHORITY_LIFETIME_SECONDS > 0:
        return []
    return [
        Error(
            "ISSUING_AUTHORITY_LIFETIME_SECONDS must be positive.",
            hint="Set it to 157680000 for five years.",
            id="ca.E010",
        )
    ]


def check_trust_bundle(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E005: the trust bundle has this CA's certificates."""
    authority = authority_directory()
    if not authority.exists() or not library_settings().trust_bundle.exists():
        return []
    try:
        is_ours = is_bundle_of(authority, library_settings().trust_bundle)
    except NoAuthority as error:
        return [Error(f"The CA is incomplete: {error}.", hint="Restore it from a backup.", id="ca.E006")]
    if is_ours:
        return []
    return [
        Error(
            f"{library_settings().trust_bundle} does not hold the certificates of {authority.path}.",
            hint="Restore the CA that belongs to it; or remove the file and run `./scripts/manage ca init`.",
            id="ca.E005",
        )
    ]


def register_checks() -> None:
    """Register all of them, and the library's check of renewal."""
    for check in (
        check_renewal,
        check_lifetime,
        check_renewal_after_expiry,
        check_certificate_profile,
        check_public_origin,
        check_private_keys,
        check_passphrase,
        check_status_origin,
        check_status_lifetimes,
        check_issuing_lifetime,
        check_trust_bundle,
    ):
        register(check, TAG)
