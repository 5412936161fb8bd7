"""Remembers what a conversation is for."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_scenarios'),
        ('usage', '0008_late_evidence_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='scenario',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.scenario'),
        ),
    ]
