"""Quotas a minute, a session and a model, in tokens and in calls at once; a window says what it counts."""

import django.db.models.deletion
from django.db import migrations, models

SAY_WHAT_IS_COUNTED = "UPDATE plans_quotawindow SET metric = 'calls' WHERE counts_calls"
SAY_WHETHER_CALLS_ARE = "UPDATE plans_quotawindow SET counts_calls = true WHERE metric = 'calls'"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_mail_domains'),
        ('models_catalog', '0006_people'),
        ('plans', '0009_reclaim'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='quota',
            name='quota_once_a_window',
        ),
        migrations.RemoveConstraint(
            model_name='quota',
            name='quota_slice_of_credits',
        ),
        migrations.RemoveConstraint(
            model_name='quota',
            name='quota_metric_known',
        ),
        migrations.RemoveConstraint(
            model_name='quota',
            name='quota_window_known',
        ),
        migrations.RemoveConstraint(
            model_name='quotawindow',
            name='quota_window_once',
        ),
        migrations.AddField(
            model_name='hold',
            name='session',
            field=models.CharField(blank=True, db_default='', max_length=64, verbose_name='session'),
        ),
        migrations.AddField(
            model_name='hold',
            name='tokens',
            field=models.BigIntegerField(db_default=0, verbose_name='set aside, in tokens'),
        ),
        migrations.AddField(
            model_name='quota',
            name='chat_model',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='models_catalog.chatmodel', verbose_name='only for the model'),
        ),
        migrations.AddField(
            model_name='quotawindow',
            name='metric',
            field=models.CharField(choices=[('microcredits', 'credits'), ('calls', 'calls'), ('tokens', 'tokens'), ('at_once', 'calls at once')], db_default='microcredits', max_length=16),
        ),
        migrations.RunSQL(SAY_WHAT_IS_COUNTED, SAY_WHETHER_CALLS_ARE),
        migrations.RemoveField(
            model_name='quotawindow',
            name='counts_calls',
        ),
        migrations.AddField(
            model_name='quotawindow',
            name='session',
            field=models.CharField(blank=True, db_default='', max_length=64),
        ),
        migrations.AlterField(
            model_name='quota',
            name='metric',
            field=models.CharField(choices=[('microcredits', 'credits'), ('calls', 'calls'), ('tokens', 'tokens'), ('at_once', 'calls at once')], default='microcredits', max_length=16, verbose_name='counted in'),
        ),
        migrations.AlterField(
            model_name='quota',
            name='window',
            field=models.CharField(choices=[('minute', 'minute'), ('night_hour', 'hour of the night'), ('five_hours', '5 hours'), ('day', 'day'), ('week', 'week'), ('month', 'month'), ('lifetime', 'lifetime'), ('session', 'session')], max_length=16, verbose_name='window'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account', 'node_kind', 'node_id', 'window', 'metric', 'chat_model'), name='quota_once_a_window', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(('is_slice', False), models.Q(('chat_model', None), ('grace_percent', 0), ('metric', 'microcredits'), models.Q(('node_kind', 'account'), _negated=True), models.Q(('window__in', ['minute', 'session']), _negated=True)), _connector='OR'), name='quota_slice_of_credits'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(('metric__in', ['microcredits', 'calls', 'tokens', 'at_once'])), name='quota_metric_known'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('metric', 'at_once'), _negated=True), ('window', 'lifetime'), _connector='OR'), name='quota_at_once'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(('window__in', ['minute', 'night_hour', 'five_hours', 'day', 'week', 'month', 'lifetime', 'session'])), name='quota_window_known'),
        ),
        migrations.AddConstraint(
            model_name='quotawindow',
            constraint=models.UniqueConstraint(fields=('quota', 'session', 'starts_at'), name='quota_window_once'),
        ),
    ]
