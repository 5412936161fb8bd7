"""What a lot has earned and whose shares of it are; money beside orders, and what others charge us."""

import django.db.models.expressions
from django.db import migrations, models


EARNED = """
UPDATE plans_lot l SET earned_minor = s.earned FROM (
  SELECT p.lot_id, -sum(p.amount) AS earned FROM plans_posting p
  WHERE p.account_code IN ('revenue_usage', 'revenue_breakage') GROUP BY p.lot_id
) s WHERE s.lot_id = l.id
"""

UNEARNED = """
UPDATE plans_dispute d SET unearned_minor = s.unearned FROM (
  SELECT j.about_id, sum(p.amount) AS unearned FROM plans_journal j JOIN plans_posting p ON p.journal_id = j.id
  WHERE j.kind = 'dispute' AND p.account_code LIKE 'deferred:%' GROUP BY j.about_id
) s WHERE s.about_id = d.id
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_translation'),
        ('plans', '0012_shop'),
    ]

    operations = [
        migrations.CreateModel(
            name='Cost',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('psp_fee', 'fee of a provider'), ('provider_cost', 'calls at a vendor')], max_length=16, verbose_name='kind')),
                ('dedupe_key', models.CharField(max_length=200, unique=True, verbose_name='booked once by')),
                ('against', models.CharField(max_length=80, verbose_name='charged by')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount, in minor units')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('day', models.DateField(blank=True, null=True, verbose_name='day')),
                ('booked_at', models.DateTimeField(verbose_name='first booked at')),
                ('changed_at', models.DateTimeField(verbose_name='changed last at')),
            ],
            options={
                'verbose_name': 'cost',
                'verbose_name_plural': 'costs',
            },
        ),
        migrations.CreateModel(
            name='Incoming',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('dedupe_key', models.CharField(max_length=200, unique=True, verbose_name='received once by')),
                ('money_account', models.CharField(max_length=60, verbose_name='came in on')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount, in minor units')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reference', models.CharField(blank=True, max_length=200, verbose_name='what the payer wrote')),
                ('received_at', models.DateTimeField(verbose_name='came in at')),
                ('order_id', models.UUIDField(blank=True, null=True, verbose_name='order')),
                ('matched_minor', models.BigIntegerField(db_default=0, verbose_name='for the order, in minor units')),
                ('granted_at', models.DateTimeField(blank=True, null=True, verbose_name='order paid at')),
                ('account_id', models.BigIntegerField(blank=True, null=True, verbose_name='account')),
                ('credited_minor', models.BigIntegerField(db_default=0, verbose_name='credited to the account, in minor units')),
                ('returned_minor', models.BigIntegerField(db_default=0, verbose_name='sent back, in minor units')),
            ],
            options={
                'verbose_name': 'sum received',
                'verbose_name_plural': 'sums received',
            },
        ),
        migrations.CreateModel(
            name='Outgoing',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('incoming_id', models.UUIDField(blank=True, null=True, verbose_name='sum received')),
                ('account_id', models.BigIntegerField(blank=True, null=True, verbose_name='account')),
                ('money_account', models.CharField(max_length=60, verbose_name='went out from')),
                ('amount_minor', models.BigIntegerField(verbose_name='amount, in minor units')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('reason', models.CharField(max_length=200, verbose_name='why')),
                ('actor_id', models.BigIntegerField(blank=True, null=True, verbose_name='by')),
                ('sent_at', models.DateTimeField(verbose_name='went out at')),
            ],
            options={
                'verbose_name': 'sum sent back',
                'verbose_name_plural': 'sums sent back',
            },
        ),
        migrations.CreateModel(
            name='Surplus',
            fields=[
                ('pk', models.CompositePrimaryKey('account_id', 'currency', blank=True, editable=False, primary_key=True, serialize=False)),
                ('account_id', models.BigIntegerField(verbose_name='account')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('minor', models.BigIntegerField(verbose_name='amount, in minor units')),
            ],
            options={
                'verbose_name': 'money of an account',
                'verbose_name_plural': 'money of accounts',
            },
        ),
        migrations.RemoveConstraint(
            model_name='dispute',
            name='dispute_amounts_sane',
        ),
        migrations.RemoveConstraint(
            model_name='journal',
            name='journal_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='posting',
            name='posting_in_chart',
        ),
        migrations.AddField(
            model_name='dispute',
            name='tax_minor',
            field=models.BigIntegerField(db_default=0, verbose_name='tax in it, in minor units'),
        ),
        migrations.AddField(
            model_name='dispute',
            name='unearned_minor',
            field=models.BigIntegerField(db_default=0, verbose_name='not earned yet, in minor units'),
        ),
        migrations.AddField(
            model_name='lot',
            name='channel_basis_points',
            field=models.SmallIntegerField(db_default=0, verbose_name="channel's share, in basis points"),
        ),
        migrations.AddField(
            model_name='lot',
            name='earned_minor',
            field=models.BigIntegerField(db_default=0, verbose_name='earned, in minor units'),
        ),
        migrations.AddField(
            model_name='lot',
            name='platform_basis_points',
            field=models.SmallIntegerField(db_default=0, verbose_name="platform's share, in basis points"),
        ),
        migrations.AddIndex(
            model_name='journal',
            index=models.Index(fields=['account_id', 'id'], name='journal_of_account'),
        ),
        migrations.AddIndex(
            model_name='posting',
            index=models.Index(condition=models.Q(('unit', 'µ'), _negated=True), fields=['unit', 'account_code'], name='posting_of_money'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('fee_minor__gte', 0), ('money_minor__gt', 0), ('owed__gte', 0), ('revoked__gte', 0), ('tax_minor__gte', 0), ('unearned_minor__gte', 0)), name='dispute_amounts_sane'),
        ),
        migrations.AddConstraint(
            model_name='journal',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ('grant', 'settle', 'expire', 'roll_over', 'earn', 'refund', 'dispute', 'revoke', 'receive', 'match', 'return', 'cost', 'carry_forward'))), name='journal_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('channel_basis_points__gte', 0), ('platform_basis_points__gte', 0), ('platform_basis_points__lte', django.db.models.expressions.CombinedExpression(models.Value(10000), '-', models.F('channel_basis_points')))), name='lot_shares_of_a_whole'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('account_code__regex', '^(issued|usage|expired|revoked|refunded|adjust|bank|bank_unmatched|tax|revenue_usage|revenue_breakage|psp_fee|provider_cost|provider_variance|platform_fee|channel_fee|chargeback_loss|goodwill|(avail|debt|deferred|ar|customer_credit):[0-9]+|(psp|carrier_receivable):[a-z0-9_]+|payable:(platform|channel|vendor:[a-z0-9-]+))$')), name='posting_in_chart'),
        ),
        migrations.AddIndex(
            model_name='cost',
            index=models.Index(condition=models.Q(('day__isnull', False)), fields=['day', 'against'], name='cost_of_day'),
        ),
        migrations.AddConstraint(
            model_name='cost',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0)), name='cost_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='cost',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['psp_fee', 'provider_cost'])), name='cost_kind_known'),
        ),
        migrations.AddIndex(
            model_name='incoming',
            index=models.Index(fields=['received_at'], name='incoming_by_moment'),
        ),
        migrations.AddConstraint(
            model_name='incoming',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0), ('credited_minor__gte', 0), ('matched_minor__gte', 0), ('returned_minor__gte', 0)), name='incoming_amounts_sane'),
        ),
        migrations.AddConstraint(
            model_name='incoming',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('matched_minor'), '+', models.F('credited_minor')), '+', models.F('returned_minor')))), name='incoming_is_used_once'),
        ),
        migrations.AddConstraint(
            model_name='incoming',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('granted_at', None), ('matched_minor', 0), ('order_id', None)), models.Q(('account_id__isnull', False), ('matched_minor__gt', 0), ('order_id__isnull', False)), _connector='OR'), name='incoming_is_for_an_order'),
        ),
        migrations.AddConstraint(
            model_name='incoming',
            constraint=models.UniqueConstraint(condition=models.Q(('order_id__isnull', False)), fields=('order_id',), name='incoming_pays_an_order_once'),
        ),
        migrations.AddConstraint(
            model_name='outgoing',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='outgoing_positive'),
        ),
        migrations.AddConstraint(
            model_name='outgoing',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='outgoing_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='outgoing',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('account_id__isnull', False), ('incoming_id', None)), models.Q(('account_id', None), ('incoming_id__isnull', False)), _connector='OR'), name='outgoing_of_one'),
        ),
        migrations.AddConstraint(
            model_name='surplus',
            constraint=models.CheckConstraint(condition=models.Q(('minor__gte', 0)), name='surplus_not_negative'),
        ),
        migrations.RunSQL(EARNED, migrations.RunSQL.noop),
        migrations.RunSQL(UNEARNED, migrations.RunSQL.noop),
    ]
