"""Remembers what a conversation is for, and what was refused and why."""

import django.core.serializers.json
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
        migrations.CreateModel(
            name='Refused',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('account_id', models.BigIntegerField(verbose_name='account')),
                ('member_id', models.BigIntegerField(verbose_name='member')),
                ('api_key_id', models.BigIntegerField(null=True, verbose_name='API key')),
                ('source', models.CharField(max_length=4, verbose_name='source')),
                ('model_name', models.CharField(max_length=120, verbose_name='model')),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('sentence', models.TextField(verbose_name='sentence')),
                ('details', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name='details')),
                ('refused_at', models.DateTimeField(db_index=True, verbose_name='when')),
            ],
            options={
                'verbose_name': 'refused call',
                'verbose_name_plural': 'refused calls',
                'indexes': [models.Index(fields=['account_id', '-refused_at'], name='refused_of_account')],
            },
        ),
    ]
