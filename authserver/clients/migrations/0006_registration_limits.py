"""Which software registered a client, and when clients registered themselves: both are limited."""

from django.db import migrations, models

from authserver.registration.statements import parsed


def name_software(apps, schema_editor):
    """The statement is there, unmodified since it was verified."""
    clients = apps.get_model("clients", "Client").objects
    for client in clients.exclude(software_statement="").iterator():
        client.software_id = parsed(client.software_statement).claims["software_id"]
        client.save(update_fields=["software_id"])


class Migration(migrations.Migration):

    dependencies = [
        ("clients", "0005_assertion_audience"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="software_id",
            field=models.TextField(blank=True),
        ),
        migrations.CreateModel(
            name="RegistrationLock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SelfRegistration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("software_id", models.TextField(blank=True)),
                ("registered_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunPython(name_software, migrations.RunPython.noop, elidable=True),
    ]
