"""Replacing the issuing authority, under the same root.

The successor is made, recorded and answered for before it issues, so that nobody meets a certificate about
which nobody can say anything. What the one before issued holds until it ends, unless that one is revoked.
Every step is durable, and is found done when the command is repeated: it may be killed at any line. Of two
who replace the same one at the same time the later finds it done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from django.conf import settings

from ca.authority.directory import AuthorityDirectory, NoAuthority
from ca.authority.founding import publish_bundle
from ca.authority.hierarchy import create_issuing
from ca.register import configuration
from ca.register.configuration import authority_directory
from ca.register.models import serial_text
from ca.register.own_records import record_authorities
from ca.status.authorities import responder_store_of, status_authority
from ca.status.delegation import own_issuer
from ca.status.lists import latest_list, publish_list
from ca.status.stores import responder_purpose
from sender_constraint.certificates.file_locks import locked
from sender_constraint.certificates.rotation import ensure_generation, wait_for_generation
from sender_constraint.django.conf import library_settings

RESPONDER_SECONDS = 30.0  # another worker may be at it


class NotReplaceable(Exception):
    """What cannot be replaced, or not now. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class Replacement:
    """name, certificate: of the authority that issues now. is_new: whether this call put it in charge."""

    name: str
    certificate: x509.Certificate
    is_new: bool


def replace_issuing(serial: str, now: datetime) -> Replacement:
    """Put another issuing authority in the place of the one with this serial number, unless that was done.

    serial: of its certificate, as ``serial_text`` writes it.
    Raises NotReplaceable, NoAuthority, AuthorityExpired and ForeignTrustBundle.
    """
    directory = authority_directory()
    known = {serial_text(directory.certificate(name)) for name in directory.issuing_names()}
    if serial not in known:
        raise NotReplaceable(f"no issuing authority of this scheme has the serial number {serial}")
    with locked(directory.lock):
        return _replace(directory, serial, now)


def _replace(directory: AuthorityDirectory, serial: str, now: datetime) -> Replacement:
    current = directory.current_issuing()
    is_new = serial == serial_text(directory.certificate(current))
    successor = _successor(directory, current, now) if is_new else current
    record_authorities(directory.certificates())
    _answer_for(successor, now)
    publish_bundle(directory, library_settings().trust_bundle)
    if is_new:
        directory.put_in_charge(successor)
    return Replacement(successor, directory.certificate(successor), is_new)


def _successor(directory: AuthorityDirectory, current: str, now: datetime) -> str:
    """The name of the next one: made now, or by an attempt that died before it was in charge."""
    names = directory.issuing_names()
    for waiting in names[names.index(current) + 1 :]:
        if directory.certificate(waiting).not_valid_after_utc > now:
            return waiting
    try:
        root = directory.load_root()
    except NoAuthority as error:
        key = directory.private_key_paths()[0]
        raise NotReplaceable(
            f"{error}. Fetch it from its safe to {key} (mode 0600), run this again, then take it back"
        ) from error
    lifetime = timedelta(seconds=settings.ISSUING_AUTHORITY_LIFETIME_SECONDS)
    return directory.add_issuing(create_issuing(root, now, settings.STATUS_ORIGIN, lifetime))


def _answer_for(name: str, now: datetime) -> None:
    """A responder and a revocation list, before anybody asks."""
    declared = responder_store_of(responder_purpose(name))
    outcome = wait_for_generation(
        lambda: ensure_generation(declared.store, own_issuer(declared), configuration.utc_now),
        configuration.utc_now,
        seconds=RESPONDER_SECONDS,
    )
    if outcome.generation is None:
        raise NotReplaceable(f"the responder of {name} has no certificate: {outcome.error or outcome.action}")
    authority = status_authority(name)
    if latest_list(authority) is None:
        publish_list(authority, now)
