"""Forked lineages. Those that a register holds already are found: what is still valid of them has to be decided."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count, Q
from django.utils import timezone


def find_forks(apps, schema_editor):
    """Before, each key that a replaced certificate asked for got a successor of its own."""
    certificates = apps.get_model("register", "IssuedCertificate").objects
    forks = apps.get_model("register", "LineageFork").objects
    now = timezone.now()
    forked = certificates.annotate(count=Count("successors")).filter(count__gt=1)
    for replaced in forked.select_related("enrolment").order_by("id"):
        _, *branches = certificates.filter(replaces=replaced).order_by("id")
        certificates.filter(pk__in=[each.pk for each in branches]).update(is_branch=True)
        # Two that can be used, and were not replaced themselves: which of them is the participant's?
        heads = certificates.filter(
            enrolment=replaced.enrolment, line=replaced.line, revoked_at=None, not_after__gte=now,
            successors=None,
        )  # fmt: skip
        if replaced.enrolment and replaced.line == replaced.enrolment.line and heads.count() > 1:
            forks.create(
                enrolment=replaced.enrolment, line=replaced.line, replaced=replaced,
                public_key_digest=branches[0].public_key_digest, detected_at=now
            )


class Migration(migrations.Migration):

    dependencies = [
        ("register", "0004_reserved_names"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="issuedcertificate",
            name="one_successor_per_key",
        ),
        migrations.AddField(
            model_name="issuedcertificate",
            name="is_branch",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.CreateModel(
            name="LineageFork",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("public_key_digest", models.CharField(max_length=64)),
                ("detected_at", models.DateTimeField()),
                (
                    "decision",
                    models.CharField(
                        blank=True, choices=[("resumed", "resumed"), ("revoked", "revoked")], max_length=16
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                (
                    "enrolment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forks",
                        to="register.enrolment",
                    ),
                ),
                (
                    "replaced",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forks",
                        to="register.issuedcertificate",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("decision", "")),
                        fields=("replaced",),
                        name="one_undecided_fork_per_certificate",
                    )
                ],
            },
        ),
        migrations.RunPython(find_forks, migrations.RunPython.noop, elidable=True),
    ]
