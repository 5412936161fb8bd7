"""Makes the days on which unused slices flow back, and what came of them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_mail_domains'),
        ('plans', '0008_narrow_ranges'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReclaimRule',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='accounts.account', verbose_name='account')),
                ('days', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), blank=True, default=list, size=None, verbose_name='days of the month')),
                ('floor_percent', models.SmallIntegerField(verbose_name='always stays, in percent')),
                ('done_date', models.DateField(verbose_name='done up to')),
            ],
            options={
                'verbose_name': 'rule of reclaiming',
                'verbose_name_plural': 'rules of reclaiming',
                'constraints': [models.CheckConstraint(condition=models.Q(('floor_percent__gte', 0), ('floor_percent__lte', 100)), name='reclaim_floor_sane'), models.CheckConstraint(condition=models.Q(('days__contained_by', [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28])), name='reclaim_days_sane')],
            },
        ),
        migrations.CreateModel(
            name='Reclaim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_date', models.DateField(verbose_name='day')),
                ('microcredits', models.BigIntegerField(verbose_name='microcredits')),
                ('reclaimed_at', models.DateTimeField(verbose_name='reclaimed at')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('returned_at', models.DateTimeField(blank=True, null=True, verbose_name='returned at')),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account')),
                ('returned_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='returned by')),
                ('window', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.quotawindow', verbose_name='from')),
            ],
            options={
                'verbose_name': 'reclaim',
                'verbose_name_plural': 'reclaims',
                'ordering': ('-reclaimed_at', '-pk'),
                'indexes': [models.Index(fields=['account', '-reclaimed_at'], name='reclaim_of_account')],
                'constraints': [models.UniqueConstraint(fields=('window', 'due_date'), name='reclaim_once_a_day'), models.CheckConstraint(condition=models.Q(('microcredits__gt', 0)), name='reclaim_positive'), models.CheckConstraint(condition=models.Q(models.Q(('returned_at', None), ('returned_by', None)), models.Q(('returned_at__isnull', False), ('returned_by__isnull', False)), _connector='OR'), name='reclaim_returned_by_somebody')],
            },
        ),
    ]
