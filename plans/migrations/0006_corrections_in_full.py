"""Keeps what of a purchase paid a debt, asks every refund and dispute for a reason, and every posting for the chart."""


from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_first_legal_texts'),
        ('plans', '0005_money_core'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='lot',
            name='lot_not_negative',
        ),
        migrations.RemoveField(
            model_name='wallet',
            name='suspended_at',
        ),
        migrations.AddField(
            model_name='lot',
            name='repaid',
            field=models.BigIntegerField(default=0, verbose_name='paid the debt, in microcredits'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='dispute_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='lot',
            constraint=models.CheckConstraint(condition=models.Q(('available__gte', 0), ('expired__gte', 0), ('frozen__gte', 0), ('held__gte', 0), ('refunded__gte', 0), ('repaid__gte', 0), ('revoked__gte', 0), ('rolled__gte', 0), ('spent__gte', 0)), name='lot_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('account_code__regex', '^(issued|usage|expired|revoked|refunded|adjust|bank|bank_unmatched|tax|revenue_usage|revenue_breakage|psp_fee|provider_cost|provider_variance|chargeback_loss|goodwill|(avail|debt|deferred|ar|customer_credit):[0-9]+|(psp|carrier_receivable):[a-z0-9_]+)$')), name='posting_in_chart'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='refund_has_reason'),
        ),
    ]
