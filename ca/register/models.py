"""What the scheme operator remembers. Private keys and enrolment secrets are not among it."""

from datetime import datetime

from cryptography import x509
from django.db import models
from django.db.models import Q

from ca.authority.entitlements import Entitlement
from ca.authority.profiles import OWN_PROFILES, PROFILES, Profile
from sender_constraint.core.names import parse_distinguished_name
from sender_constraint.core.untrusted_input import certificate_from_der

_PROFILE_CHOICES = [(name, name) for name in PROFILES]
_RECORDED_CHOICES = [(name, name) for name in (*PROFILES, *OWN_PROFILES)]


class Participant(models.Model):
    """An organisation's system that takes part in the scheme.

    name: its user name at ``simpleenroll`` (RFC 7617 §2: no colon).
    """

    name = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Enrolment(models.Model):
    """The right of a participant to a line of certificates under one profile, and how it begins.

    subject: RFC 4514 string. san_dns, san_uri, san_ip, san_email: the alternative names that it may have.
    secret_digest: SHA-256 of the one-time secret, hexadecimal; empty where there is none.
    used_with_key: digest of the public key (see ``public_key_digest``) that the secret was spent on;
        empty while it is unspent. A retry with this key is answered again, any other is refused.
    line: the number of the line that goes on now; each secret that is spent begins the next one, and
        the certificates of the one before renew themselves no more.
    """

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="enrolments")
    profile_name = models.CharField(max_length=16, choices=_PROFILE_CHOICES)
    subject = models.CharField(max_length=500)
    san_dns = models.JSONField(default=list)
    san_uri = models.JSONField(default=list)
    san_ip = models.JSONField(default=list)
    san_email = models.JSONField(default=list)
    secret_digest = models.CharField(max_length=64, blank=True)
    used_with_key = models.CharField(max_length=64, blank=True)
    line = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Two enrolments of a participant may share a profile, but not profile and subject."""

        constraints = (
            models.UniqueConstraint(
                fields=("participant", "profile_name", "subject"),
                name="one_enrolment_per_profile_and_subject",
            ),
        )

    def __str__(self) -> str:
        return f"{self.participant}: {self.profile_name} {self.subject}"

    @property
    def profile(self) -> Profile:
        """The profile of its certificates."""
        return PROFILES[self.profile_name]

    @property
    def entitlement(self) -> Entitlement:
        """Its names, as the authority compares them."""
        alternative_names = (self.san_dns, self.san_uri, self.san_ip, self.san_email)
        return Entitlement(parse_distinguished_name(self.subject), *map(tuple, alternative_names))


class ReservedName(models.Model):
    """A name that stands for one participant alone (``ca.register.reservations``).

    name: its kind and its one spelling. digest: SHA-256 of it, hexadecimal; a name may be long.
    """

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="names")
    name = models.TextField()
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.participant}"


class IssuedCertificate(models.Model):
    """A certificate that left this authority: of participants, and its own.

    serial: lower-case hexadecimal without leading zeros, as ``serial_text`` writes it; no two certificates
        of the authority share one, whoever of root and issuing authority signed them.
    issuer: which of them did, as ``ca.authority.identity`` writes it.
    enrolment: whose it is; none where the operator issued it by hand, and for the authority's own.
    line: of the enrolment, at the time of issue.
    public_key_digest: see ``public_key_digest``.
    replaces: its predecessor, which authenticated the request for it.
    is_branch: whether its predecessor already had a successor; only in registers from before a replaced key
        was refused (see ``LineageFork``).
    issued_at: the lifetime counts from here; the certificate itself is backdated.
    revocation_reason: a name of RFC 5280 §5.3.1.
    crl_number: of the first revocation list with this certificate; none until there is one.
    """

    serial = models.CharField(max_length=40, unique=True)
    issuer = models.CharField(max_length=64)
    der = models.BinaryField()
    profile_name = models.CharField(max_length=16, choices=_RECORDED_CHOICES)
    enrolment = models.ForeignKey(
        Enrolment, on_delete=models.PROTECT, null=True, blank=True, related_name="certificates"
    )
    line = models.PositiveIntegerField(default=0)
    public_key_digest = models.CharField(max_length=64)
    replaces = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="successors"
    )
    is_branch = models.BooleanField(default=False, editable=False)
    issued_at = models.DateTimeField()
    not_after = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.CharField(max_length=32, blank=True)
    crl_number = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        """A certificate has one successor, however many requests arrive at the same time."""

        constraints = (
            models.UniqueConstraint(
                fields=("replaces",),
                condition=Q(replaces__isnull=False, is_branch=False),
                name="one_successor",
            ),
        )
        indexes = (
            models.Index(fields=("enrolment", "id")),
            models.Index(fields=("issuer", "revoked_at"), name="revoked_by_issuer"),
            models.Index(fields=("public_key_digest",), name="by_public_key"),
        )

    def __str__(self) -> str:
        return self.serial

    @property
    def profile(self) -> Profile:
        """The profile under which it was issued. Raises KeyError for an authority's own certificate."""
        return PROFILES[self.profile_name]

    def is_expired(self, now: datetime) -> bool:
        """Whether it has ended (RFC 5280 §4.1.2.5: notAfter itself is still within its validity)."""
        return now > self.not_after

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate, parsed."""
        return certificate_from_der(bytes(self.der))


class LineageFork(models.Model):
    """A key that was replaced asked for a successor of its own: two parties hold keys of one lineage.

    Until the operator decides, no certificate of the lineage is renewed (``ca.register.forks``).

    enrolment, line: of the certificates that are suspended. replaced: the certificate whose key asked.
    public_key_digest: of the key in its first refused request.
    decision: empty while the operator has not decided.
    """

    RESUMED, REVOKED = "resumed", "revoked"

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="forks")
    line = models.PositiveIntegerField()
    replaced = models.ForeignKey(IssuedCertificate, on_delete=models.PROTECT, related_name="forks")
    public_key_digest = models.CharField(max_length=64)
    detected_at = models.DateTimeField()
    decision = models.CharField(
        max_length=16, blank=True, choices=[(name, name) for name in (RESUMED, REVOKED)]
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """However often a replaced key asks, it is one fork."""

        constraints = (
            models.UniqueConstraint(
                fields=("replaced",), condition=Q(decision=""), name="one_undecided_fork_per_certificate"
            ),
        )

    def __str__(self) -> str:
        return f"fork at {self.replaced}"


def certificate_with_serial(text: str) -> IssuedCertificate | None:
    """The certificate with a serial number as people write it: hexadecimal in any case, colons are fine.

    No two certificates of this authority share one, so that an operator need not name the issuer too.
    """
    serial = text.replace(":", "").lower().lstrip("0")
    return IssuedCertificate.objects.filter(serial=serial).first()


def owner_of(record: IssuedCertificate) -> str:
    """Whose certificate it is, for people."""
    if record.enrolment is not None:
        return record.enrolment.participant.name
    return "the authority" if record.profile_name in OWN_PROFILES else "by hand"


def secret_state(enrolment: Enrolment) -> str:
    """What became of its one-time secret, for people."""
    if not enrolment.secret_digest:
        return "none"
    return "spent" if enrolment.used_with_key else "unused"


def state_of(record: IssuedCertificate, now: datetime) -> str:
    """How a certificate is, for people; whoever revoked it said why."""
    if record.revoked_at is not None:
        return f"revoked {record.revoked_at:%Y-%m-%d %H:%M:%S} UTC {record.revocation_reason}".strip()
    return "expired" if record.is_expired(now) else "valid"


def serial_text(certificate: x509.Certificate) -> str:
    """A serial number as the register writes it: lower-case hexadecimal."""
    return f"{certificate.serial_number:x}"
