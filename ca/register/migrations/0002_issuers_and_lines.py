"""Who issued each certificate, which line it belongs to, and in which revocation list it first stood."""

from cryptography import x509
from django.db import migrations, models

from ca.authority.identity import issuer_identity


def name_issuers(apps, schema_editor):
    """Each certificate says itself who issued it: by name and key identifier."""
    certificates = apps.get_model("register", "IssuedCertificate").objects
    for record in certificates.filter(issuer="").iterator():
        record.issuer = issuer_identity(x509.load_der_x509_certificate(bytes(record.der)))
        record.save(update_fields=["issuer"])


class Migration(migrations.Migration):

    dependencies = [
        ("register", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrolment",
            name="line",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="issuedcertificate",
            name="issuer",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="issuedcertificate",
            name="line",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="issuedcertificate",
            name="crl_number",
            field=models.PositiveBigIntegerField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="issuedcertificate",
            name="profile_name",
            field=models.CharField(
                choices=[
                    ("client", "client"),
                    ("server", "server"),
                    ("ocsp", "ocsp"),
                    ("authority", "authority"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="issuedcertificate",
            index=models.Index(fields=["issuer", "revoked_at"], name="revoked_by_issuer"),
        ),
        migrations.AddIndex(
            model_name="issuedcertificate",
            index=models.Index(fields=["public_key_digest"], name="by_public_key"),
        ),
        migrations.RunPython(name_issuers, migrations.RunPython.noop, elidable=True),
    ]
