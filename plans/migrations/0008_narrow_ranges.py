"""Narrows the ranges of the index by moment, so that hardly anything beside what moved is looked at."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0007_people"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="journal",
            name="journal_by_moment",
        ),
        migrations.AddIndex(
            model_name="journal",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["moved_at"], name="journal_by_moment", pages_per_range=8
            ),
        ),
    ]
