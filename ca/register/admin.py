"""The register in the admin: who takes part, with which rights, and what was issued to whom."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ca.authority.directory import pem_of
from ca.authority.entitlements import alternative_names_of, written
from ca.register import configuration
from ca.register.models import (
    Enrolment,
    IssuedCertificate,
    LineageFork,
    Participant,
    owner_of,
    secret_state,
    state_of,
)
from operations.pages.view_only import ViewOnly
from sender_constraint.core.names import subject_of
from sender_constraint.core.thumbprints import certificate_thumbprint


@admin.register(Participant)
class ParticipantAdmin(ViewOnly):
    """``manage.py participant`` admits them."""

    list_display = ("name", "certificates", "created_at")
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "created_at", "rights", "certificates")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Participant]:
        """With how many certificates each has."""
        participants: QuerySet[Participant] = super().get_queryset(request)
        return participants.annotate(issued=Count("enrolments__certificates"))

    @admin.display(ordering="issued")
    def certificates(self, participant: Any) -> int:
        """How many were issued to it."""
        return int(participant.issued)

    @admin.display(description="rights to certificates")
    def rights(self, participant: Participant) -> str:
        """Its enrolments, one in a line."""
        return "\n".join(f"{each.profile_name}: {each.subject}" for each in participant.enrolments.all())


@admin.register(Enrolment)
class EnrolmentAdmin(ViewOnly):
    """The right to a line of certificates. Of its one-time secret only what became of it is shown."""

    list_display = (
        "subject", "participant", "profile_name", "line", "one_time_secret", "renewals", "created_at",
    )  # fmt: skip
    list_filter = ("profile_name",)
    list_select_related = ("participant",)
    search_fields = ("participant__name", "subject")
    ordering = ("participant__name", "profile_name")
    fields = (
        "participant", "profile_name", "subject", "alternative_names", "line", "one_time_secret",
        "renewals", "created_at",
    )  # fmt: skip

    @admin.display(description="one-time secret")
    def one_time_secret(self, enrolment: Enrolment) -> str:
        """Whether there is one to spend."""
        return secret_state(enrolment)

    @admin.display(description="renewals")
    def renewals(self, enrolment: Enrolment) -> str:
        """Whether a fork of its lineage suspends them."""
        forks = enrolment.forks.filter(decision="", line=enrolment.line)
        return "suspended: lineage forked" if forks.exists() else "open"

    def alternative_names(self, enrolment: Enrolment) -> str:
        """What its certificates may say beside the subject."""
        return "\n".join(enrolment.entitlement.written())


class StateFilter(admin.SimpleListFilter):
    """Valid, expired or revoked."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """The choices."""
        return [(name, name) for name in ("valid", "expired", "revoked")]

    def queryset(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        queryset: QuerySet[IssuedCertificate],
    ) -> QuerySet[IssuedCertificate]:
        """Those of the chosen state; a revoked one is revoked also when it has expired."""
        now = configuration.utc_now()
        match self.value():
            case "valid":
                return queryset.filter(revoked_at__isnull=True, not_after__gte=now)
            case "expired":
                return queryset.filter(revoked_at__isnull=True, not_after__lt=now)
            case "revoked":
                return queryset.filter(revoked_at__isnull=False)
        return queryset


@admin.register(IssuedCertificate)
class IssuedCertificateAdmin(ViewOnly):
    """``manage.py revoke`` and ``issue``, and EST, change what stands here."""

    list_display = (
        "serial",
        "owner",
        "profile_name",
        "state",
        "issued_at",
        "not_after",
        "thumbprint",
    )
    list_filter = (StateFilter, "profile_name", "revocation_reason", "issued_at")
    list_select_related = ("enrolment__participant",)
    search_fields = ("serial", "enrolment__participant__name", "enrolment__subject")
    search_help_text = "serial number (hexadecimal; colons are fine), participant or subject"
    ordering = ("-issued_at", "-id")
    fieldsets = (
        (None, {"fields": ("state", "serial", "thumbprint", "owner", "profile_name")}),
        ("Names", {"fields": ("subject", "alternative_names", "issued_by")}),
        ("Times", {"fields": ("issued_at", "not_before", "not_after")}),
        ("Its line", {"fields": ("enrolment", "line", "replaces", "replaced_by")}),
        ("Revocation", {"fields": ("revoked_at", "revocation_reason", "list_number")}),
        ("The certificate", {"fields": ("pem",)}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[IssuedCertificate], search_term: str
    ) -> tuple[QuerySet[IssuedCertificate], bool]:
        """As people copy serial numbers from elsewhere; a participant's name has no colon (RFC 7617 §2)."""
        return super().get_search_results(request, queryset, search_term.replace(":", ""))

    @admin.display(ordering="enrolment__participant__name")
    def owner(self, record: IssuedCertificate) -> str:
        """Whose it is."""
        return owner_of(record)

    @admin.display(ordering="revoked_at")
    def state(self, record: IssuedCertificate) -> str:
        """Valid, expired, or revoked when and why."""
        return state_of(record, configuration.utc_now())

    @admin.display(description="thumbprint (x5t#S256)")
    def thumbprint(self, record: IssuedCertificate) -> str:
        """As tokens and audit events have it."""
        return certificate_thumbprint(bytes(record.der))

    def subject(self, record: IssuedCertificate) -> str:
        """RFC 4514."""
        return str(subject_of(record.certificate))

    def alternative_names(self, record: IssuedCertificate) -> str:
        """One in a line."""
        return "\n".join(written(alternative_names_of(record.certificate)))

    def issued_by(self, record: IssuedCertificate) -> str:
        """The authority's name."""
        return record.certificate.issuer.rfc4514_string()

    def not_before(self, record: IssuedCertificate) -> str:
        """Backdated, for clocks that differ."""
        return str(localize(record.certificate.not_valid_before_utc))

    def replaced_by(self, record: IssuedCertificate) -> str:
        """Its successors, one in a line."""
        serials = "\n".join(each.serial for each in record.successors.order_by("id"))
        return serials or self.get_empty_value_display()

    @admin.display(description="CRL number")
    def list_number(self, record: IssuedCertificate) -> str:
        """Of the first revocation list that it is on."""
        number = record.crl_number
        return self.get_empty_value_display() if number is None else str(number)

    @admin.display(description="PEM")
    def pem(self, record: IssuedCertificate) -> SafeString:
        """To copy."""
        return format_html("<pre>{}</pre>", pem_of((record.certificate,)).decode())


@admin.register(LineageFork)
class LineageForkAdmin(ViewOnly):
    """Lineages in which a replaced key asked for a successor. ``manage.py lineage`` decides about them."""

    list_display = ("replaced", "owner", "detected_at", "replaced_by", "outcome")
    list_filter = ("decision",)
    list_select_related = ("replaced__enrolment__participant",)
    search_fields = ("replaced__serial", "replaced__enrolment__participant__name")
    ordering = ("-id",)
    fields = ("owner", "replaced", "replaced_by", "public_key_digest", "detected_at", "outcome", "decided_at")

    @admin.display(ordering="replaced__enrolment__participant__name")
    def owner(self, fork: LineageFork) -> str:
        """The participant whose lineage it is."""
        return owner_of(fork.replaced)

    def replaced_by(self, fork: LineageFork) -> str:
        """The successor that the replaced certificate has, issued before."""
        return ", ".join(each.serial for each in fork.replaced.successors.order_by("id"))

    @admin.display(description="decision", ordering="decision")
    def outcome(self, fork: LineageFork) -> str:
        """What the operator decided."""
        return fork.decision or "undecided: renewals are suspended"
