"""Names that stand for one participant alone: the database holds each of them once.

A check alone would not do: two processes that admit at the same time do not see each other's participants.
"""

import hashlib
from collections.abc import Iterator
from typing import Protocol

from ca.authority.profiles import CLIENT
from ca.register.models import Participant, ReservedName
from sender_constraint.core.addresses import parse_ip_address
from sender_constraint.core.names import parse_distinguished_name


class NameTaken(Exception):
    """A name is another participant's. The message is for the operator."""


class Named(Protocol):
    """The columns of an enrolment that are read; those that a migration sees have no more."""

    profile_name: str
    subject: str
    san_dns: list[str]
    san_uri: list[str]
    san_ip: list[str]
    san_email: list[str]


def exclusive_names(enrolment: Named) -> Iterator[tuple[str, str]]:
    """Each name that nobody else may have: its one spelling with its kind, and how it is written.

    Servers may share alternative names, as all of them are ``localhost`` on one machine; what a server is
    called says nothing about who calls. Spellings are the same where ``ca.authority.entitlements`` compares
    as equal. Raises ValueError.
    """
    yield f"subject {parse_distinguished_name(enrolment.subject)}", f"subject {enrolment.subject}"
    if enrolment.profile_name != CLIENT.name:
        return
    for name in enrolment.san_dns:
        yield f"dns {_lower(name)}", f"name {name}"
    for name in enrolment.san_uri:
        yield f"uri {name}", f"name {name}"
    for name in enrolment.san_ip:
        yield f"ip {parse_ip_address(name)}", f"name {name}"
    for name in enrolment.san_email:
        local, _, domain = name.rpartition("@")
        yield f"email {local}@{_lower(domain)}", f"name {name}"


def reserve_names(participant: Participant) -> None:
    """Reserve the names of all enrolments of a participant, and give free those that they have no more.

    Runs in the transaction of who wrote the enrolment. Raises NameTaken; and IntegrityError where another
    process took one of the names since this transaction began to look.
    """
    wanted: dict[str, str] = {}
    for enrolment in participant.enrolments.all():
        wanted.update(exclusive_names(enrolment))
    taken = ReservedName.objects.exclude(participant=participant).filter(digest__in=map(digest_of, wanted))
    for other in taken.select_related("participant"):
        raise NameTaken(f"the {wanted[other.name]} is {other.participant}'s")
    own = ReservedName.objects.filter(participant=participant)
    own.exclude(digest__in=map(digest_of, wanted)).delete()
    missing = wanted.keys() - set(own.values_list("name", flat=True))
    # In one order always: two that want the same names do not wait for each other.
    ReservedName.objects.bulk_create(
        ReservedName(participant=participant, name=name, digest=digest_of(name)) for name in sorted(missing)
    )


def digest_of(name: str) -> str:
    """Of a name's one spelling: SHA-256, hexadecimal."""
    return hashlib.sha256(name.encode()).hexdigest()


def _lower(name: str) -> str:
    """As ``same_dns_name`` compares: the case of ASCII letters alone."""
    return name.encode().lower().decode()
