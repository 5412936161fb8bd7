"""Makes rules of access, requests for more, loans and a child's minutes; quotas remember how they were said."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_people'),
        ('plans', '0006_corrections_in_full'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('node_kind', models.CharField(choices=[('account', 'account'), ('department', 'department'), ('project', 'project'), ('member', 'member'), ('key', 'API key'), ('scenario', 'scenario')], max_length=16, verbose_name='for')),
                ('node_id', models.BigIntegerField(verbose_name='its id')),
                ('chat_model_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, null=True, size=None, verbose_name='models')),
                ('is_mainland_only', models.BooleanField(default=False, verbose_name='mainland routes only')),
                ('is_never_trained', models.BooleanField(default=False, verbose_name='never trains on data')),
            ],
            options={
                'verbose_name': 'access rule',
                'verbose_name_plural': 'access rules',
            },
        ),
        migrations.CreateModel(
            name='Awake',
            fields=[
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='+', serialize=False, to='accounts.member')),
                ('until', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ChildDay',
            fields=[
                ('pk', models.CompositePrimaryKey('member_id', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('member_id', models.BigIntegerField()),
                ('day', models.DateField()),
                ('blocks', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), default=list, size=None)),
                ('extra_minutes', models.PositiveSmallIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Extra',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('about', models.CharField(choices=[('quota', 'quota'), ('minutes', 'minutes a day'), ('quiet_hours', 'quiet hours')], max_length=12, verbose_name='about')),
                ('asked', models.BigIntegerField(blank=True, null=True, verbose_name='how much')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='what for')),
                ('state', models.CharField(choices=[('open', 'waits for an answer'), ('approved', 'approved'), ('declined', 'declined'), ('withdrawn', 'withdrawn')], default='open', max_length=9, verbose_name='state')),
                ('created_at', models.DateTimeField(verbose_name='asked at')),
                ('expires_at', models.DateTimeField(verbose_name='lapses')),
                ('granted', models.BigIntegerField(blank=True, null=True, verbose_name='granted')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
            ],
            options={
                'verbose_name': 'request for more',
                'verbose_name_plural': 'requests for more',
                'ordering': ('-created_at', '-pk'),
            },
        ),
        migrations.CreateModel(
            name='Loan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('microcredits', models.BigIntegerField(verbose_name='microcredits')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='why')),
                ('lent_at', models.DateTimeField(verbose_name='lent at')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('returned', models.BigIntegerField(default=0, verbose_name='returned, in microcredits')),
                ('returned_at', models.DateTimeField(blank=True, null=True, verbose_name='returned at')),
            ],
            options={
                'verbose_name': 'loan',
                'verbose_name_plural': 'loans',
                'ordering': ('-lent_at', '-pk'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='quota',
            name='quota_window_known',
        ),
        migrations.AddField(
            model_name='hold',
            name='is_mainland_only',
            field=models.BooleanField(db_default=False, verbose_name='mainland routes only'),
        ),
        migrations.AddField(
            model_name='hold',
            name='is_never_trained',
            field=models.BooleanField(db_default=False, verbose_name='never trains on data'),
        ),
        migrations.AddField(
            model_name='hold',
            name='tier',
            field=models.TextField(blank=True, db_default='', verbose_name='tier of age'),
        ),
        migrations.AddField(
            model_name='quota',
            name='is_brake',
            field=models.BooleanField(default=False, verbose_name='brake of a new key'),
        ),
        migrations.AddField(
            model_name='quota',
            name='said',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='said'),
        ),
        migrations.AddField(
            model_name='quota',
            name='unit',
            field=models.CharField(choices=[('credits', 'credits'), ('money', "money's worth"), ('share', 'percent of the plan')], default='credits', max_length=8, verbose_name='said in'),
        ),
        migrations.AddField(
            model_name='quotawindow',
            name='extra',
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AlterField(
            model_name='quota',
            name='window',
            field=models.CharField(choices=[('night_hour', 'hour of the night'), ('five_hours', '5 hours'), ('day', 'day'), ('week', 'week'), ('month', 'month'), ('lifetime', 'lifetime')], max_length=16, verbose_name='window'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('said', None), ('unit', 'credits')), models.Q(('metric', 'microcredits'), ('said__gte', 0), ('unit', 'money')), models.Q(('metric', 'microcredits'), ('said__gte', 0), ('said__lte', 100), ('unit', 'share')), _connector='OR'), name='quota_said'),
        ),
        migrations.AddConstraint(
            model_name='quota',
            constraint=models.CheckConstraint(condition=models.Q(('window__in', ['night_hour', 'five_hours', 'day', 'week', 'month', 'lifetime'])), name='quota_window_known'),
        ),
        migrations.AddField(
            model_name='accessrule',
            name='account',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='awake',
            name='given_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='extra',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='extra',
            name='answered_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='answered by'),
        ),
        migrations.AddField(
            model_name='extra',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='who asks'),
        ),
        migrations.AddField(
            model_name='extra',
            name='quota',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.quota', verbose_name='quota'),
        ),
        migrations.AddField(
            model_name='loan',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='loan',
            name='borrower_window',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.quotawindow', verbose_name='to'),
        ),
        migrations.AddField(
            model_name='loan',
            name='lender_window',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.quotawindow', verbose_name='from'),
        ),
        migrations.AddField(
            model_name='loan',
            name='lent_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='lent by'),
        ),
        migrations.AddConstraint(
            model_name='accessrule',
            constraint=models.UniqueConstraint(fields=('account', 'node_kind', 'node_id'), name='access_rule_once_a_node'),
        ),
        migrations.AddConstraint(
            model_name='accessrule',
            constraint=models.CheckConstraint(condition=models.Q(('node_kind__in', ['account', 'department', 'project', 'member', 'key', 'scenario'])), name='access_rule_node_known'),
        ),
        migrations.AddIndex(
            model_name='extra',
            index=models.Index(fields=['account', '-created_at'], name='extra_of_account'),
        ),
        migrations.AddIndex(
            model_name='extra',
            index=models.Index(fields=['member', '-created_at'], name='extra_of_member'),
        ),
        migrations.AddConstraint(
            model_name='extra',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('member', 'about', 'quota'), name='extra_asked_once_a_quota', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='extra',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('about', 'quota'), ('quota__isnull', False)), models.Q(('about__in', ['minutes', 'quiet_hours']), ('quota', None)), _connector='OR'), name='extra_about_a_quota'),
        ),
        migrations.AddConstraint(
            model_name='extra',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('granted', None), ('state', 'open')), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('granted__gt', 0), ('state', 'approved')), models.Q(('answered_at__isnull', False), ('granted', None), ('state__in', ['declined', 'withdrawn'])), _connector='OR'), name='extra_state'),
        ),
        migrations.AddConstraint(
            model_name='extra',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('asked', None), models.Q(('asked__gt', 0), ('asked__lte', 10000000000000000)), _connector='OR'), models.Q(('granted', None), ('granted__lte', 10000000000000000), _connector='OR')), name='extra_sane'),
        ),
        migrations.AddIndex(
            model_name='loan',
            index=models.Index(fields=['account', '-lent_at'], name='loan_of_account'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.CheckConstraint(condition=models.Q(('microcredits__gt', 0)), name='loan_positive'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.CheckConstraint(condition=models.Q(('returned__gte', 0), ('returned__lte', models.F('microcredits'))), name='loan_returned_sane'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.CheckConstraint(condition=models.Q(('lender_window', models.F('borrower_window')), _negated=True), name='loan_to_another'),
        ),
    ]
