"""Adds what the calls of months that are not kept came to."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0006_alarms'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dropped',
            fields=[
                ('account_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('calls', models.BigIntegerField()),
                ('charged_microcredits', models.BigIntegerField()),
            ],
        ),
    ]
