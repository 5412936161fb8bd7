"""Lets terms begin later, counts what accounts made use of, and keeps what bundles owe beside credits."""

import django.db.models.deletion
from django.db import migrations, models

# What is published has begun until now; only the trigger that freezes it stands in the way of saying so.
BEGUN = """
ALTER TABLE plans_offeringversion DISABLE TRIGGER published_is_frozen;
UPDATE plans_offeringversion SET active_from = published_at;
ALTER TABLE plans_offeringversion ENABLE TRIGGER published_is_frozen;
"""

USED = """
INSERT INTO plans_offeruse (order_id, offering_id, account_id, number, payer, taken_at, used_at)
SELECT o.id, v.offering_id, o.account_id,
  row_number() OVER (PARTITION BY v.offering_id, o.account_id ORDER BY o.placed_at, o.id), '', o.placed_at, o.paid_at
FROM plans_order o JOIN plans_offeringversion v ON v.id = o.offering_version_id
WHERE o.state IN ('placed', 'paid') AND o.kind = 'purchase'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_translation'),
        ('plans', '0016_subs_anchor'),
    ]

    operations = [
        migrations.CreateModel(
            name='Fulfillment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'being set up'), ('done', 'ready'), ('failed', 'could not be set up')], default='waiting', max_length=8, verbose_name='state')),
                ('opened_at', models.DateTimeField(verbose_name='opened at')),
                ('told_at', models.DateTimeField(blank=True, null=True, verbose_name='the hook was told at')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('next_try_at', models.DateTimeField(blank=True, null=True, verbose_name='next try at')),
                ('done_at', models.DateTimeField(blank=True, null=True, verbose_name='done at')),
                ('failed_at', models.DateTimeField(blank=True, null=True, verbose_name='failed at')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
            ],
            options={
                'verbose_name': 'item of an order',
                'verbose_name_plural': 'items of orders',
            },
        ),
        migrations.CreateModel(
            name='OfferUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='time of the account')),
                ('payer', models.CharField(blank=True, editable=False, max_length=64, verbose_name='payer')),
                ('payer_number', models.PositiveIntegerField(blank=True, null=True, verbose_name='time of the payer')),
                ('taken_at', models.DateTimeField(verbose_name='taken at')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='used at')),
                ('returned_at', models.DateTimeField(blank=True, null=True, verbose_name='returned at')),
            ],
            options={
                'verbose_name': 'use of an offering',
                'verbose_name_plural': 'uses of offerings',
            },
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='active_from',
            field=models.DateTimeField(blank=True, null=True, verbose_name='in force from'),
        ),
        migrations.RunSQL(BEGUN, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='offeringversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('active_from', None), ('published_at', None)), models.Q(('active_from__gte', models.F('published_at')), ('active_from__isnull', False), ('published_at__isnull', False)), _connector='OR'), name='offering_begins_once_published'),
        ),
        migrations.AddField(
            model_name='fulfillment',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.offeringitem', verbose_name='item of a bundle'),
        ),
        migrations.AddField(
            model_name='fulfillment',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fulfillments', to='plans.order', verbose_name='order'),
        ),
        migrations.AddField(
            model_name='offeruse',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='offeruse',
            name='offering',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.offering', verbose_name='offering'),
        ),
        migrations.AddField(
            model_name='offeruse',
            name='order',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='offer_use', to='plans.order', verbose_name='order'),
        ),
        migrations.AddIndex(
            model_name='fulfillment',
            index=models.Index(condition=models.Q(('state', 'waiting'), ('told_at', None)), fields=['next_try_at'], name='fulfillment_due'),
        ),
        migrations.AddConstraint(
            model_name='fulfillment',
            constraint=models.UniqueConstraint(fields=('order', 'item'), name='fulfillment_once'),
        ),
        migrations.AddConstraint(
            model_name='fulfillment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('done_at', None), ('state', 'waiting')), models.Q(('done_at__isnull', False), ('state', 'done')), models.Q(('done_at', None), ('failed_at__isnull', False), ('state', 'failed')), _connector='OR'), name='fulfillment_state_known'),
        ),
        migrations.AddConstraint(
            model_name='offeruse',
            constraint=models.UniqueConstraint(condition=models.Q(('returned_at', None)), fields=('offering', 'account', 'number'), name='offer_use_once'),
        ),
        migrations.AddConstraint(
            model_name='offeruse',
            constraint=models.UniqueConstraint(condition=models.Q(('returned_at', None), models.Q(('payer', ''), _negated=True)), fields=('offering', 'payer', 'payer_number'), name='offer_use_once_a_payer'),
        ),
        migrations.AddConstraint(
            model_name='offeruse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('payer', ''), ('payer_number', None)), models.Q(models.Q(('payer', ''), _negated=True), ('payer_number__isnull', False)), _connector='OR'), name='offer_use_payer_numbered'),
        ),
        migrations.RunSQL(USED, migrations.RunSQL.noop),
    ]
