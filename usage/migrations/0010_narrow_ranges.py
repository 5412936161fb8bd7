"""Narrows the ranges of the index by end, so that hardly anything beside what ended lately is looked at."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_mail_domains"),
        ("models_catalog", "0006_people"),
        ("usage", "0009_people"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="call",
            name="call_by_end",
        ),
        migrations.AddIndex(
            model_name="call",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["ended_at"], name="call_by_end", pages_per_range=8
            ),
        ),
    ]
