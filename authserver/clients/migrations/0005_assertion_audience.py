"""Which clients may address their assertions to the token endpoint: none, until the operator registers it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("clients", "0004_software_statement"),
    ]

    operations = [
        migrations.AddField(
            model_name="client",
            name="assertion_audience_token_endpoint",
            field=models.BooleanField(default=False),
        ),
    ]
