from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0003_methods_and_bindings'),
    ]

    operations = [
        migrations.AddField(
            model_name='client',
            name='software_statement',
            field=models.TextField(blank=True),
        ),
    ]
