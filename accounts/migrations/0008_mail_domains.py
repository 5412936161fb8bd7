"""Lets a business open its doors to who has an address at its domain."""

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_closing'),
    ]

    operations = [
        migrations.CreateModel(
            name='MailDomain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('domain', models.CharField(max_length=253, verbose_name='domain')),
                ('monthly_microcredits', models.BigIntegerField(blank=True, null=True, verbose_name='microcredits a month')),
                ('created_at', models.DateTimeField(verbose_name='claimed')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('verified_at', models.DateTimeField(blank=True, null=True, verbose_name='verified')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account')),
                ('claimed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='claimed by')),
                ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.department', verbose_name='department')),
            ],
            options={
                'verbose_name': 'mail domain',
                'verbose_name_plural': 'mail domains',
                'ordering': ['domain', 'pk'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None), ('verified_at__isnull', False)), fields=('domain',), name='mail_domain_of_one_account'), models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account', 'domain'), name='mail_domain_claimed_once'), models.CheckConstraint(condition=models.Q(('domain', django.db.models.functions.text.Lower('domain'))), name='mail_domain_is_lower_case'), models.CheckConstraint(condition=models.Q(('monthly_microcredits', None), models.Q(('monthly_microcredits__gte', 0), ('monthly_microcredits__lte', 10000000000000000)), _connector='OR'), name='mail_domain_quota_sane')],
            },
        ),
    ]
