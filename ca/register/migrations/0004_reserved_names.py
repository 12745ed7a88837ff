"""The names of clients and all subjects, each reserved for the participant that has it."""

import django.db.models.deletion
from django.db import migrations, models

from ca.register.reservations import digest_of, exclusive_names


def reserve_names(apps, schema_editor):
    """Whoever had a name first keeps it."""
    reserved = apps.get_model("register", "ReservedName").objects
    for enrolment in apps.get_model("register", "Enrolment").objects.order_by("id"):
        for name, _ in exclusive_names(enrolment):
            reserved.get_or_create(
                digest=digest_of(name), defaults={"name": name, "participant_id": enrolment.participant_id}
            )


class Migration(migrations.Migration):

    dependencies = [
        ("register", "0003_addresses"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReservedName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.TextField()),
                ("digest", models.CharField(max_length=64, unique=True)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="names",
                        to="register.participant",
                    ),
                ),
            ],
        ),
        migrations.RunPython(reserve_names, migrations.RunPython.noop, elidable=True),
    ]
