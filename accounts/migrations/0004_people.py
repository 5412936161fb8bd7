"""Makes invitations, offers of ownership, lines of children with their devices, and news; keys get scopes."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_first_legal_texts'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('digest', models.BinaryField(unique=True)),
                ('created_at', models.DateTimeField(verbose_name='added')),
                ('seen_at', models.DateTimeField(verbose_name='last seen')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'device',
                'verbose_name_plural': 'devices',
                'ordering': ['-seen_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='DeviceTicket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='used')),
            ],
            options={
                'verbose_name': 'device ticket',
                'verbose_name_plural': 'device tickets',
            },
        ),
        migrations.CreateModel(
            name='Guardianship',
            fields=[
                ('member', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='guardianship', serialize=False, to='accounts.member', verbose_name='child')),
                ('born_in', models.DateField(verbose_name='born in')),
                ('consented_at', models.DateTimeField(verbose_name='consented')),
                ('pin_digest', models.CharField(max_length=128)),
                ('pin_failures', models.PositiveSmallIntegerField(default=0)),
                ('pin_locked_until', models.DateTimeField(blank=True, null=True, verbose_name='PIN locked until')),
                ('daily_minutes', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='minutes a day')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_to', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('scenario_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, null=True, size=None, verbose_name='only for')),
                ('is_tutored', models.BooleanField(default=True, verbose_name='explains instead of solving')),
                ('read_since', models.DateTimeField(blank=True, null=True, verbose_name='read by the guardian since')),
                ('digest_sent_at', models.DateTimeField(blank=True, null=True, verbose_name='last digest')),
            ],
            options={
                'verbose_name': 'guardianship',
                'verbose_name_plural': 'guardianships',
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(choices=[('email', 'E-mail'), ('phone', 'Text message'), ('screen', 'Code on the screen')], max_length=6, verbose_name='way')),
                ('contact', models.CharField(blank=True, max_length=254, verbose_name='sent to')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('role', models.CharField(choices=[('owner', 'Owner'), ('bill_payer', 'Bill payer'), ('head', 'Head of a department'), ('adult', 'Adult'), ('child', 'Child'), ('auditor', 'Auditor')], max_length=10, verbose_name='role')),
                ('monthly_microcredits', models.BigIntegerField(blank=True, null=True, verbose_name='microcredits a month')),
                ('edition', models.PositiveSmallIntegerField(default=1, verbose_name='edition of the link')),
                ('state', models.CharField(choices=[('open', 'open'), ('asked', 'waits for your yes'), ('accepted', 'accepted'), ('declined', 'declined'), ('withdrawn', 'withdrawn')], default='open', max_length=9, verbose_name='state')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('asked_at', models.DateTimeField(blank=True, null=True, verbose_name='asked')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40, verbose_name='kind')),
                ('sentence', models.CharField(max_length=400, verbose_name='sentence')),
                ('details', models.JSONField(default=dict, verbose_name='details')),
                ('path', models.CharField(max_length=200, verbose_name='leads to')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('seen_at', models.DateTimeField(blank=True, null=True, verbose_name='seen')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
            ],
            options={
                'verbose_name': 'notification',
                'verbose_name_plural': 'notifications',
            },
        ),
        migrations.CreateModel(
            name='OwnershipOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_handover', models.BooleanField(default=False, verbose_name='the offering owner steps down')),
                ('state', models.CharField(choices=[('open', 'open'), ('accepted', 'accepted'), ('declined', 'declined'), ('withdrawn', 'withdrawn')], default='open', max_length=9, verbose_name='state')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
            ],
            options={
                'verbose_name': 'offer of ownership',
                'verbose_name_plural': 'offers of ownership',
            },
        ),
        migrations.RemoveConstraint(
            model_name='legaltext',
            name='legal_text_kind',
        ),
        migrations.RemoveConstraint(
            model_name='user',
            name='user_can_be_reached',
        ),
        migrations.AddField(
            model_name='account',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='paused'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='endpoints',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, null=True, size=None, verbose_name='endpoints'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='is_management',
            field=models.BooleanField(default=False, verbose_name='manages, calls no models'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='issued_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='issued by'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='networks',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=43), blank=True, null=True, size=None, verbose_name='networks'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='paused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='paused'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='reminded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='reminded that nobody uses it'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='replaces',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='accounts.apikey', verbose_name='replaces'),
        ),
        migrations.AddField(
            model_name='apikey',
            name='used_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='last used'),
        ),
        migrations.AddField(
            model_name='user',
            name='guarded_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='signed in by a guardian since'),
        ),
        migrations.AlterField(
            model_name='legaltext',
            name='kind',
            field=models.CharField(choices=[('terms', 'Terms of service'), ('privacy', 'Privacy'), ('guardian', 'Consent of a guardian')], max_length=10, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='legaltext',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['terms', 'privacy', 'guardian'])), name='legal_text_kind'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('email__isnull', False), ('phone__isnull', False), ('guarded_at__isnull', False), _connector='OR'), name='user_can_be_reached'),
        ),
        migrations.AddField(
            model_name='device',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='devices', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='device',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='added by'),
        ),
        migrations.AddField(
            model_name='device',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by'),
        ),
        migrations.AddField(
            model_name='device',
            name='members',
            field=models.ManyToManyField(related_name='devices', to='accounts.member', verbose_name='children on it'),
        ),
        migrations.AddField(
            model_name='deviceticket',
            name='device',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.device', verbose_name='device'),
        ),
        migrations.AddField(
            model_name='deviceticket',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='made by'),
        ),
        migrations.AddField(
            model_name='deviceticket',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='child'),
        ),
        migrations.AddField(
            model_name='guardianship',
            name='consent_text',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.legaltext', verbose_name='consent to'),
        ),
        migrations.AddField(
            model_name='guardianship',
            name='consented_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='consent by'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='asked_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='department',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.department', verbose_name='department'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='ended by'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='invited_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='invited by'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='member',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='became'),
        ),
        migrations.AddField(
            model_name='notification',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notifications', to='accounts.member', verbose_name='to'),
        ),
        migrations.AddField(
            model_name='ownershipoffer',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ownership_offers', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='ownershipoffer',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ownership_offers', to='accounts.member', verbose_name='to'),
        ),
        migrations.AddField(
            model_name='ownershipoffer',
            name='offered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='by'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='device_ended_by_someone'),
        ),
        migrations.AddConstraint(
            model_name='deviceticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('device', None), ('used_at', None)), models.Q(('device__isnull', False), ('used_at__isnull', False)), _connector='OR'), name='device_ticket_used_on_a_device'),
        ),
        migrations.AddConstraint(
            model_name='guardianship',
            constraint=models.CheckConstraint(condition=models.Q(('daily_minutes', None), ('daily_minutes__lte', 1440), _connector='OR'), name='guardianship_minutes'),
        ),
        migrations.AddConstraint(
            model_name='guardianship',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from', None), ('quiet_to', None)), models.Q(('quiet_from__isnull', False), ('quiet_to__isnull', False), models.Q(('quiet_from', models.F('quiet_to')), _negated=True)), _connector='OR'), name='guardianship_quiet_hours'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(condition=models.Q(('sent_at', None), ('state', 'open')), fields=['created_at'], name='invitation_to_send'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('way', 'screen'), ('contact', '')), models.Q(('way__in', ['email', 'phone']), models.Q(('contact', ''), _negated=True)), _connector='OR'), name='invitation_way_has_contact'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ['bill_payer', 'head', 'adult', 'auditor'])), name='invitation_role'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('member', None), ('state', 'open')), models.Q(('asked_at__isnull', False), ('asked_by__isnull', False), ('ended_at', None), ('member', None), ('state', 'asked')), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('member__isnull', False), ('state', 'accepted')), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False), ('member', None), ('state__in', ['declined', 'withdrawn'])), _connector='OR'), name='invitation_state'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('monthly_microcredits', None), models.Q(('monthly_microcredits__gte', 0), ('monthly_microcredits__lte', 10000000000000000)), _connector='OR'), name='invitation_quota_sane'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(fields=['member', '-created_at'], name='notification_of_member'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('sent_at', None)), fields=['created_at'], name='notification_to_send'),
        ),
        migrations.AddConstraint(
            model_name='ownershipoffer',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('member',), name='ownership_offered_once'),
        ),
        migrations.AddConstraint(
            model_name='ownershipoffer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'open')), models.Q(('ended_at__isnull', False), ('state__in', ['accepted', 'declined', 'withdrawn'])), _connector='OR'), name='ownership_offer_state'),
        ),
    ]
