"""Says for which models the credits of an offering are good."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0014_tests_pass_or_not'),
    ]

    operations = [
        migrations.AddField(
            model_name='creditprice',
            name='model_patterns',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), db_default=[], default=list, size=None),
        ),
    ]
