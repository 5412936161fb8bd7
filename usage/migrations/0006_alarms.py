"""Adds the alarms to what an audit keeps, and finds doubtful calls fast."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_first_legal_texts'),
        ('models_catalog', '0004_prompt_permille'),
        ('usage', '0005_call_code'),
    ]

    operations = [
        migrations.AddField(
            model_name='auditrun',
            name='alarms',
            field=models.JSONField(default=list, verbose_name='alarms'),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(condition=models.Q(('how__in', ('usage_capped', 'estimate'))), fields=['id'], name='call_doubtful'),
        ),
    ]
