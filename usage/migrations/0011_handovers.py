"""Lets a conversation be handed over: from whom it is, and since when."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_mail_domains'),
        ('usage', '0010_narrow_ranges'),
    ]

    operations = [
        migrations.AddField(
            model_name='conversation',
            name='handed_over_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='conversation',
            name='handed_over_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member'),
        ),
        migrations.AddConstraint(
            model_name='conversation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('handed_over_at', None), ('handed_over_by', None)), models.Q(('handed_over_at__isnull', False), ('handed_over_by__isnull', False), models.Q(('handed_over_by', models.F('member')), _negated=True)), _connector='OR'), name='conversation_handed_over_by_another'),
        ),
    ]
