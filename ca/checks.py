"""Numbered checks of this service's configuration, before every command and before serving."""

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
from sender_constraint.django.checks import check_renewal

TAG = "ca"
_STATUS_SECONDS = (
    "OCSP_VALIDITY_SECONDS",
    "OCSP_RESPONDER_LIFETIME_SECONDS",
    "CRL_LIFETIME_SECONDS",
    "CRL_INTERVAL_SECONDS",
    "ROOT_STATUS_LIFETIME_SECONDS",
)


def check_lifetime(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E001: certificates live, and at most 398 days with their backdated minute."""
    longest = int(LONGEST_LIFETIME.total_seconds())
    if 0 < settings.CERTIFICATE_LIFETIME_SECONDS <= longest:
        return []
    return [
        Error(
            f"CERTIFICATE_LIFETIME_SECONDS is {settings.CERTIFICATE_LIFETIME_SECONDS}.",
            hint=f"Use 1 to {longest} ({timedelta(seconds=longest)}).",
            id="ca.E001",
        )
    ]


def check_renewal_after_expiry(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E002: a span of time is not negative."""
    if settings.RENEWAL_AFTER_EXPIRY_SECONDS >= 0:
        return []
    return [
        Error(
            f"RENEWAL_AFTER_EXPIRY_SECONDS is {settings.RENEWAL_AFTER_EXPIRY_SECONDS}.",
            hint="Use 0 to renew no expired certificate, or 2592000 for 30 days.",
            id="ca.E002",
        )
    ]


def check_certificate_profile(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E010: a profile that is misspelt would be one that nobody keeps to."""
    if settings.CERTIFICATE_PROFILE in KEY_PROFILES:
        return []
    names = ", ".join(filter(None, KEY_PROFILES))
    hint = f"Leave it empty, or use {names}."
    return [Error(f"CERTIFICATE_PROFILE is {settings.CERTIFICATE_PROFILE!r}.", hint=hint, id="ca.E010")]


def check_public_origin(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E003: EST is served over TLS at an origin, without a path (RFC 7030 §3.2.2 adds its own)."""
    origin = urlsplit(settings.PUBLIC_ORIGIN)
    if origin.scheme == "https" and origin.hostname and not origin.path.strip("/"):
        return []
    return [
        Error(
            f"PUBLIC_ORIGIN is {settings.PUBLIC_ORIGIN!r}.",
            hint="Use scheme, host and port alone, for example https://ca.example:8440.",
            id="ca.E003",
        )
    ]


def check_private_keys(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E004: nobody else reads the authority's keys."""
    open_to_others = [
        path
        for path in authority_directory().private_key_paths()
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    return [
        Error(f"Others may read {path}.", hint=f"Run: chmod 600 {path}", id="ca.E004")
        for path in open_to_others
    ]


def check_passphrase(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E007: the passphrase is there and fits, where there is to be one. A key may be in a safe."""
    authority = authority_directory()
    try:
        authority.passphrase()
        if authority.exists():
            authority.load_issuing()
    except WrongPassphrase as error:
        hint = "KEY_PASSPHRASE_FILE names a file of mode 0600 with the passphrase of the authority's keys."
        return [Error(f"The authority's keys cannot be used: {error}.", hint=hint, id="ca.E007")]
    except NoAuthority:
        return []  # whoever needs it says so
    return []


def check_status_origin(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E008: status is published in the clear, below an origin without a path."""
    origin = urlsplit(settings.STATUS_ORIGIN)
    if origin.scheme == "http" and origin.hostname and not origin.path:
        return []
    return [
        Error(
            f"STATUS_ORIGIN is {settings.STATUS_ORIGIN!r}.",
            hint="Use scheme, host and port alone, for example http://ca.example:8480.",
            id="ca.E008",
        )
    ]


def check_status_lifetimes(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E009: status holds for a while, and lists overlap."""
    wrong = [name for name in _STATUS_SECONDS if getattr(settings, name) <= 0]
    if wrong:
        return [Error(f"{', '.join(wrong)}: not more than 0.", hint="Use seconds.", id="ca.E009")]
    if settings.CRL_INTERVAL_SECONDS < settings.CRL_LIFETIME_SECONDS:
        return []
    return [
        Error(
            "CRL_INTERVAL_SECONDS is not less than CRL_LIFETIME_SECONDS.",
            hint="A list has to be followed by the next one before it ends.",
            id="ca.E009",
        )
    ]


def check_issuing_lifetime(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E010: an issuing authority lives."""
    if settings.ISSUING_AUTHORITY_LIFETIME_SECONDS > 0:
        return []
    return [
        Error(
            f"ISSUING_AUTHORITY_LIFETIME_SECONDS is {settings.ISSUING_AUTHORITY_LIFETIME_SECONDS}.",
            hint="Use 157680000 for five years.",
            id="ca.E010",
        )
    ]


def check_trust_bundle(**_kwargs: Any) -> list[CheckMessage]:
    """ca.E005: what participants trust is this authority."""
    authority = authority_directory()
    if not authority.exists() or not settings.TRUST_BUNDLE.exists():
        return []
    try:
        is_ours = is_bundle_of(authority, settings.TRUST_BUNDLE)
    except NoAuthority as error:
        return [Error(f"The authority is not whole: {error}.", hint="Restore it from a copy.", id="ca.E006")]
    if is_ours:
        return []
    return [
        Error(
            f"{settings.TRUST_BUNDLE} does not hold the certificates of {authority.path}.",
            hint="Restore the authority that belongs to it; or remove the file and run "
            "`./scripts/manage ca init`.",
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
