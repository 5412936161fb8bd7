"""Periods may be counted anew from a later one, what was agreed to names its order, and a pause ends by itself."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_translation'),
        ('plans', '0015_bills'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='subscription',
            name='subscription_due',
        ),
        migrations.AddField(
            model_name='consent',
            name='order',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='plans.order', verbose_name='order'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='anchor_number',
            field=models.PositiveIntegerField(default=1, verbose_name='counted from period'),
        ),
        migrations.AlterField(
            model_name='subscription',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='paused from'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('state__in', ['active', 'grace', 'paused'])), fields=['next_try_at'], name='subscription_due'),
        ),
    ]
