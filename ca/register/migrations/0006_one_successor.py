"""A certificate has one successor. Apart from the search for forks: PostgreSQL alters no table with open writes."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [
        ("register", "0005_lineage_forks"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="issuedcertificate",
            constraint=models.UniqueConstraint(
                condition=Q(("is_branch", False), ("replaces__isnull", False)),
                fields=("replaces",),
                name="one_successor",
            ),
        ),
    ]
