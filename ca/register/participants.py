"""Admitting participants: their names, and the one-time secret with which each of them begins."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from django.db import IntegrityError, transaction

from ca.authority.entitlements import general_names
from ca.authority.profiles import PROFILES
from ca.register.models import Enrolment, Participant
from ca.register.reservations import NameTaken, reserve_names
from sender_constraint.certificates import durable_files
from sender_constraint.core.names import parse_distinguished_name

# Random, of 256 bits: nobody guesses it, so that one fast hash keeps it and no limit on attempts is needed.
_SECRET_BYTES = 32
# A secret that a launcher made is of this kind too: what is shorter was thought up by somebody.
SHORTEST_SECRET = 32
# RFC 5280 §4.2.1.6: dNSName, uniformResourceIdentifier, iPAddress, rfc822Name.
ALTERNATIVE_NAMES = ("san_dns", "san_uri", "san_ip", "san_email")


class NotAdmitted(Exception):
    """What was asked for contradicts itself, or the register. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class Application:
    """A participant and the names that it is to have under a profile.

    subject: RFC 4514 string.
    """

    participant: str
    profile_name: str
    subject: str
    san_dns: tuple[str, ...] = ()
    san_uri: tuple[str, ...] = ()
    san_ip: tuple[str, ...] = ()
    san_email: tuple[str, ...] = ()

    @property
    def canonical_subject(self) -> str:
        """The subject in one spelling, by which the register finds it again. Raises ValueError."""
        return str(parse_distinguished_name(self.subject))

    @property
    def alternative_names(self) -> dict[str, list[str]]:
        """The alternative names by kind, as the register and the audit trail have them."""
        return {kind: list(getattr(self, kind)) for kind in ALTERNATIVE_NAMES}

    def general_names(self) -> list[x509.GeneralName]:
        """The same as a certificate has them. Raises ValueError."""
        return general_names(self.san_dns, self.san_uri, self.san_ip, self.san_email)

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Application":
        """From ``{"name", "profile", "subject"}`` and lists as ALTERNATIVE_NAMES. Raises NotAdmitted."""
        try:
            texts = [entry["name"], entry["profile"], entry["subject"]]
            lists = [entry.get(kind, []) for kind in ALTERNATIVE_NAMES]
        except (KeyError, TypeError, AttributeError):
            raise NotAdmitted(f"an entry needs name, profile and subject: {entry!r}") from None
        if not all(isinstance(text, str) for text in texts):
            raise NotAdmitted(f"name, profile and subject are texts: {entry!r}")
        if not all(isinstance(names, list) and all(isinstance(n, str) for n in names) for names in lists):
            raise NotAdmitted(f"{', '.join(ALTERNATIVE_NAMES)} are lists of texts: {entry!r}")
        return cls(*texts, *(tuple(names) for names in lists))


def admit(application: Application, deliver: Callable[[str], None]) -> Enrolment:
    """Give a participant the right to names, and a new one-time secret for them.

    deliver: is handed the secret before the register holds its digest, so that none is recorded that
        nobody was told. Known participant, profile and subject: the line goes on, with a new secret and the
        names of this application. Raises NotAdmitted, and what ``deliver`` raises.
    """
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    return _enter(application, secret_digest(secret), lambda: deliver(secret))


def admit_without_secret(application: Application) -> Enrolment:
    """The same for the operator's own certificates, which nobody enrols for over the network."""
    return _enter(application, "")


def admit_with_secret_file(application: Application, file: Path) -> bool:
    """Admit somebody whose one-time secret is to be in a file; safe to repeat.

    A file that is there already, put by whoever starts both sides, gives the secret. Otherwise a new
    participant's is made and delivered there, and a known one, whose secret was fetched, is left alone.
    Returns whether anything changed. Raises NotAdmitted, and OSError.
    """
    _check_form(application)
    enrolment = _find(application)
    if not file.exists():
        if enrolment is None:
            admit(application, deliver_to_file(file))
        return enrolment is None
    secret = durable_files.read_private(file).decode("utf-8", "replace").strip()
    if len(secret) < SHORTEST_SECRET:
        raise NotAdmitted(f"the secret in {file} has fewer than {SHORTEST_SECRET} characters")
    digest = secret_digest(secret)
    if enrolment is not None and enrolment.secret_digest == digest:
        return False
    _enter(application, digest)
    return True


def known_application(name: str, profile_name: str | None, subject: str | None) -> Application:
    """The names that a participant has already. Raises NotAdmitted unless exactly one enrolment is meant.

    profile_name, subject: to choose among several; None leaves them open.
    """
    enrolments = Enrolment.objects.filter(participant__name=name)
    if not enrolments:
        raise NotAdmitted(
            f"there is no participant {name!r}: see `./scripts/manage ca list`, or `participant add`"
        )
    if profile_name is not None:
        enrolments = enrolments.filter(profile_name=profile_name)
    if subject is not None:
        try:
            enrolments = enrolments.filter(subject=str(parse_distinguished_name(subject)))
        except ValueError as error:
            raise NotAdmitted(f"{subject!r} is not a name as RFC 4514 writes it: {error}") from None
    if len(enrolments) != 1:
        known = "; ".join(f"--profile {each.profile_name} --subject {each.subject!r}" for each in enrolments)
        raise NotAdmitted(f"say which certificate of {name} is meant: {known or 'it has none like that'}")
    (enrolment,) = enrolments
    names = (tuple(getattr(enrolment, kind)) for kind in ALTERNATIVE_NAMES)
    return Application(name, enrolment.profile_name, enrolment.subject, *names)


def deliver_to_file(file: Path) -> Callable[[str], None]:
    """A delivery into a file of mode 0600, replaced by one rename."""

    def deliver(secret: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        durable_files.replace(file, secret.encode() + b"\n", durable_files.PRIVATE)

    return deliver


def secret_digest(secret: str) -> str:
    """SHA-256, hexadecimal: what the register keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _find(application: Application) -> Enrolment | None:
    return Enrolment.objects.filter(
        participant__name=application.participant,
        profile_name=application.profile_name,
        subject=application.canonical_subject,
    ).first()


def _enter(application: Application, digest: str, deliver: Callable[[], None] | None = None) -> Enrolment:
    _check_form(application)
    try:
        return _entered(application, digest, deliver)
    except IntegrityError:
        # Another process took one of the names a moment ago. Whose they are is seen now.
        return _entered(application, digest, deliver)


def _entered(application: Application, digest: str, deliver: Callable[[], None] | None) -> Enrolment:
    with transaction.atomic():
        participant, _ = Participant.objects.get_or_create(name=application.participant)
        enrolment, _ = Enrolment.objects.update_or_create(
            participant=participant,
            profile_name=application.profile_name,
            subject=application.canonical_subject,
            defaults={
                **application.alternative_names,
                "secret_digest": digest,
                "used_with_key": "",
            },
        )
        try:
            reserve_names(participant)
        except NameTaken as error:
            raise NotAdmitted(str(error)) from None
        if deliver is not None:
            deliver()
    return enrolment


def _check_form(application: Application) -> None:
    profile = PROFILES.get(application.profile_name)
    if profile is None:
        raise NotAdmitted(f"there is no profile {application.profile_name!r}: {', '.join(PROFILES)}")
    # RFC 7617 §2: the name is the user-id of Basic, which ends at the first colon.
    if not application.participant.isascii() or not application.participant.isprintable():
        raise NotAdmitted(f"the name {application.participant!r} is not printable ASCII")
    if not application.participant or ":" in application.participant:
        raise NotAdmitted(f"the name {application.participant!r} is empty, or has a colon")
    try:
        parse_distinguished_name(application.subject)
        application.general_names()
    except ValueError as error:
        raise NotAdmitted(f"the names of {application.participant} cannot be certified: {error}") from None
    if profile.needs_dns_name and not application.san_dns:
        raise NotAdmitted(f"a {profile.name} certificate needs a DNS name (--san-dns)")
