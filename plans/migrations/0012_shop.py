"""Makes the terms of the shop, standing plans, ways to pay, and the inbox of providers."""

import django.contrib.postgres.fields
import django.db.models.deletion
import plans.models.offering
from django.db import migrations, models

FROZEN = """
DROP TRIGGER order_figures_are_frozen ON plans_order;
CREATE TRIGGER order_figures_are_frozen BEFORE UPDATE ON plans_order
FOR EACH ROW WHEN (
  (OLD.kind, OLD.account_id, OLD.offering_version_id, OLD.subscription_id, OLD.period_number, OLD.price_minor,
   OLD.tax_minor, OLD.currency, OLD.microcredits, OLD.placed_at)
  IS DISTINCT FROM
  (NEW.kind, NEW.account_id, NEW.offering_version_id, NEW.subscription_id, NEW.period_number, NEW.price_minor,
   NEW.tax_minor, NEW.currency, NEW.microcredits, NEW.placed_at)
  OR OLD.state = 'paid'
) EXECUTE FUNCTION plans_refuse_change();
CREATE TRIGGER period_stays BEFORE UPDATE OR DELETE ON plans_subscriptionperiod
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
CREATE TRIGGER subscription_stays BEFORE DELETE ON plans_subscription
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
CREATE TRIGGER consent_stays BEFORE DELETE ON plans_consent
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
CREATE TRIGGER consent_is_frozen BEFORE UPDATE ON plans_consent
FOR EACH ROW WHEN (
  (OLD.account_id, OLD.given_by_id, OLD.subject, OLD.text, OLD.text_version, OLD.amount_minor, OLD.given_at)
  IS DISTINCT FROM
  (NEW.account_id, NEW.given_by_id, NEW.subject, NEW.text, NEW.text_version, NEW.amount_minor, NEW.given_at)
  OR OLD.withdrawn_at IS NOT NULL
) EXECUTE FUNCTION plans_refuse_change();
CREATE FUNCTION plans_refuse_published_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM plans_offeringversion v
    WHERE v.id = coalesce(NEW.offering_version_id, OLD.offering_version_id) AND v.published_at IS NOT NULL
  ) THEN
    RAISE EXCEPTION '% is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER item_is_frozen BEFORE INSERT OR UPDATE OR DELETE ON plans_offeringitem
FOR EACH ROW EXECUTE FUNCTION plans_refuse_published_item();
"""

THAWED = """
DROP TRIGGER item_is_frozen ON plans_offeringitem;
DROP FUNCTION plans_refuse_published_item();
DROP TRIGGER consent_is_frozen ON plans_consent;
DROP TRIGGER consent_stays ON plans_consent;
DROP TRIGGER subscription_stays ON plans_subscription;
DROP TRIGGER period_stays ON plans_subscriptionperiod;
DROP TRIGGER order_figures_are_frozen ON plans_order;
CREATE TRIGGER order_figures_are_frozen BEFORE UPDATE ON plans_order
FOR EACH ROW WHEN (
  (OLD.account_id, OLD.offering_version_id, OLD.price_minor, OLD.currency, OLD.microcredits, OLD.placed_at)
  IS DISTINCT FROM
  (NEW.account_id, NEW.offering_version_id, NEW.price_minor, NEW.currency, NEW.microcredits, NEW.placed_at)
  OR OLD.state = 'paid'
) EXECUTE FUNCTION plans_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_translation'),
        ('plans', '0011_slices_set_anew'),
    ]

    operations = [
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(choices=[('renewal', 'renewal'), ('reminder', 'reminder of a charge'), ('auto_top_up', 'automatic top-up'), ('change', 'change of terms')], max_length=16, verbose_name='about')),
                ('text', models.TextField(verbose_name='text')),
                ('text_version', models.CharField(max_length=32, verbose_name='version of the text')),
                ('language', models.CharField(max_length=16, verbose_name='language')),
                ('channel', models.CharField(max_length=16, verbose_name='through')),
                ('amount_minor', models.BigIntegerField(null=True, verbose_name='amount, in minor units')),
                ('currency', models.CharField(blank=True, max_length=3, verbose_name='currency')),
                ('given_at', models.DateTimeField(verbose_name='given at')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='withdrawn at')),
            ],
            options={
                'verbose_name': 'consent',
                'verbose_name_plural': 'consents',
            },
        ),
        migrations.CreateModel(
            name='OfferingItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('kind', models.CharField(choices=[('connectivity', 'connectivity'), ('security', 'security'), ('broadband', 'broadband'), ('service', 'service')], max_length=16, verbose_name='kind')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('name_zh', models.CharField(max_length=80, verbose_name='name in Chinese')),
                ('fulfillment', models.CharField(choices=[('manual', 'by hand'), ('hook', 'by a hook')], default='manual', max_length=8, verbose_name='fulfilled')),
            ],
            options={
                'verbose_name': 'item of a bundle',
                'verbose_name_plural': 'items of bundles',
                'ordering': ('position', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='PaymentMethod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=32, verbose_name='paid through')),
                ('label', models.CharField(max_length=40, verbose_name='shown as')),
                ('sealed', models.BinaryField(blank=True, null=True)),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('monthly_ceiling_minor', models.BigIntegerField(blank=True, null=True, verbose_name='most a month, in minor units')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('added_at', models.DateTimeField(verbose_name='added at')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed at')),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='removed at')),
            ],
            options={
                'verbose_name': 'way to pay',
                'verbose_name_plural': 'ways to pay',
            },
        ),
        migrations.CreateModel(
            name='PaymentMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=32, verbose_name='from')),
                ('event_id', models.CharField(max_length=128, verbose_name='message')),
                ('received_at', models.DateTimeField(verbose_name='received at')),
                ('sealed_body', models.BinaryField()),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('applied', 'applied'), ('ignored', 'of no concern'), ('mismatch', 'does not fit'), ('forged', 'not from the provider')], default='waiting', max_length=8, verbose_name='state')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='tries')),
                ('next_at', models.DateTimeField(verbose_name='looked at again at')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='note')),
            ],
            options={
                'verbose_name': 'message of a provider',
                'verbose_name_plural': 'messages of providers',
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('active', 'active'), ('grace', 'waiting for payment'), ('paused', 'paused'), ('ended', 'ended')], default='active', max_length=8, verbose_name='state')),
                ('anchor_at', models.DateTimeField(verbose_name='counted from')),
                ('started_at', models.DateTimeField(verbose_name='started at')),
                ('period_number', models.PositiveIntegerField(default=1, verbose_name='period')),
                ('period_starts_at', models.DateTimeField(verbose_name='period from')),
                ('period_ends_at', models.DateTimeField(verbose_name='period until')),
                ('cancel_asked_at', models.DateTimeField(blank=True, null=True, verbose_name='canceled at')),
                ('paused_at', models.DateTimeField(blank=True, null=True, verbose_name='paused at')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('end_reason', models.CharField(blank=True, max_length=32, verbose_name='why it ended')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='times that money was asked for')),
                ('next_try_at', models.DateTimeField(blank=True, null=True, verbose_name='looked at again at')),
                ('reminded_period', models.PositiveIntegerField(default=0, verbose_name='reminded of period')),
            ],
            options={
                'verbose_name': 'subscription',
                'verbose_name_plural': 'subscriptions',
            },
        ),
        migrations.CreateModel(
            name='SubscriptionPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
                ('lot_id', models.BigIntegerField(unique=True, verbose_name='lot')),
            ],
            options={
                'verbose_name': 'paid period',
                'verbose_name_plural': 'paid periods',
            },
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='order_price_not_negative',
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_state_known',
        ),
        migrations.RemoveIndex(
            model_name='payment',
            name='payment_due',
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='after_exhaustion',
            field=models.CharField(choices=[('stop', 'calls stop'), ('slow_lane', 'the slow lane'), ('pack', 'a pack is bought by itself')], default='stop', max_length=12, verbose_name='once it is used up'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='channel_basis_points',
            field=models.PositiveIntegerField(default=0, verbose_name='channel fee, in basis points'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='channels',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=12), blank=True, default=plans.models.offering.on_the_web, size=None, verbose_name='sold through'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='cycle',
            field=models.CharField(choices=[('anniversary', 'from the day of purchase'), ('calendar', 'by the calendar month')], default='anniversary', max_length=12, verbose_name='cycle'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='exhaustion_pack',
            field=models.CharField(blank=True, max_length=50, verbose_name='pack that is bought then'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='grace_days',
            field=models.PositiveSmallIntegerField(default=3, verbose_name='days of grace'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='is_for_new',
            field=models.BooleanField(default=False, verbose_name='for accounts that never bought'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='model_patterns',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, size=None, verbose_name='models'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='most_per_account',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='times an account may buy it'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='most_per_days',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='within days'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='most_per_identity',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='times a phone or card may pay it'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='platform_basis_points',
            field=models.PositiveIntegerField(default=0, verbose_name='platform fee, in basis points'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='prorates_first',
            field=models.BooleanField(default=False, verbose_name='the first month in proportion'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='providers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), blank=True, default=list, size=None, verbose_name='paid through'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='refund_days',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='unspent, paid back within days'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='refund_hours',
            field=models.PositiveSmallIntegerField(default=24, verbose_name='untouched, paid back within hours'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='refund_most_used_percent',
            field=models.PositiveSmallIntegerField(default=100, verbose_name='if used at most, in percent'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='rollover_cycles',
            field=models.PositiveSmallIntegerField(default=1, verbose_name='rolled over for cycles'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='rollover_percent',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='rolls over at most, in percent'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='summary',
            field=models.CharField(blank=True, max_length=200, verbose_name='in a sentence'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='summary_zh',
            field=models.CharField(blank=True, max_length=200, verbose_name='in a sentence, in Chinese'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='tax_basis_points',
            field=models.PositiveIntegerField(default=0, verbose_name='tax inside the price, in basis points'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='terms',
            field=models.TextField(blank=True, verbose_name='terms'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='terms_zh',
            field=models.TextField(blank=True, verbose_name='terms in Chinese'),
        ),
        migrations.AddField(
            model_name='offeringversion',
            name='unit_microcredits',
            field=models.BigIntegerField(default=1000000, verbose_name='one unit, in microcredits'),
        ),
        migrations.AddField(
            model_name='order',
            name='kind',
            field=models.CharField(choices=[('purchase', 'purchase'), ('renewal', 'renewal'), ('upgrade', 'upgrade'), ('top_up', 'automatic top-up'), ('voucher', 'voucher')], default='purchase', max_length=10, verbose_name='kind'),
        ),
        migrations.AddField(
            model_name='order',
            name='period_number',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='period'),
        ),
        migrations.AddField(
            model_name='order',
            name='tax_minor',
            field=models.BigIntegerField(default=0, verbose_name='tax in it, in minor units'),
        ),
        migrations.AddField(
            model_name='payment',
            name='authorization_id',
            field=models.CharField(blank=True, max_length=128, verbose_name='code asked for by SMS'),
        ),
        migrations.AddField(
            model_name='payment',
            name='code_url',
            field=models.CharField(blank=True, max_length=500, verbose_name='code to scan'),
        ),
        migrations.AddField(
            model_name='payment',
            name='mode',
            field=models.CharField(choices=[('live', 'real money'), ('test', 'test')], default='live', max_length=4, verbose_name='mode'),
        ),
        migrations.AddField(
            model_name='payment',
            name='page_url',
            field=models.CharField(blank=True, max_length=2000, verbose_name='page of the provider'),
        ),
        migrations.AddField(
            model_name='payment',
            name='reserved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='set aside at'),
        ),
        migrations.AlterField(
            model_name='offeringversion',
            name='unit',
            field=models.CharField(choices=[('credits', 'credits'), ('tokens', 'tokens'), ('points', 'points')], default='credits', max_length=8, verbose_name='unit'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='state',
            field=models.CharField(choices=[('processing', 'waiting for the operator'), ('pending_validation', 'waiting for the payer'), ('reserved', 'set aside'), ('succeeded', 'succeeded'), ('denied', 'denied'), ('canceled', 'canceled')], default='processing', max_length=24, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='offeringversion',
            constraint=models.CheckConstraint(condition=models.Q(('unit_microcredits__gt', 0)), name='offering_unit_positive'),
        ),
        migrations.AddConstraint(
            model_name='offeringversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('unit__in', ['credits', 'tokens']), ('unit_microcredits', 1000000)), ('unit', 'points'), _connector='OR'), name='offering_unit_known'),
        ),
        migrations.AddConstraint(
            model_name='offeringversion',
            constraint=models.CheckConstraint(condition=models.Q(('cycle__in', ['anniversary', 'calendar'])), name='offering_cycle_known'),
        ),
        migrations.AddConstraint(
            model_name='offeringversion',
            constraint=models.CheckConstraint(condition=models.Q(('channel_basis_points__lte', 10000), ('platform_basis_points__lte', 10000), ('refund_most_used_percent__lte', 100), ('rollover_percent__lte', 100), ('tax_basis_points__lt', 10000)), name='offering_shares_sane'),
        ),
        migrations.AddConstraint(
            model_name='offeringversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('after_exhaustion__in', ['stop', 'slow_lane']), ('exhaustion_pack', '')), models.Q(('after_exhaustion', 'pack'), models.Q(('exhaustion_pack', ''), _negated=True)), _connector='OR'), name='offering_exhaustion_known'),
        ),
        migrations.AddConstraint(
            model_name='offeringversion',
            constraint=models.CheckConstraint(condition=models.Q(('most_per_days', None), models.Q(('most_per_account__isnull', False), ('most_per_days__gt', 0)), _connector='OR'), name='offering_purchases_sane'),
        ),
        migrations.AddField(
            model_name='consent',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='consent',
            name='given_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='given by'),
        ),
        migrations.AddField(
            model_name='offeringitem',
            name='offering_version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='plans.offeringversion', verbose_name='version of the offering'),
        ),
        migrations.AddField(
            model_name='paymentmethod',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='paymentmethod',
            name='added_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='added by'),
        ),
        migrations.AddField(
            model_name='payment',
            name='method',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.paymentmethod', verbose_name='stored way to pay'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('state__in', ['processing', 'pending_validation', 'reserved'])), fields=['check_at'], name='payment_due'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['processing', 'pending_validation', 'reserved', 'succeeded', 'denied', 'canceled'])), name='payment_state_known'),
        ),
        migrations.AddField(
            model_name='paymentmessage',
            name='payment',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='plans.payment', verbose_name='payment'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='method',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.paymentmethod', verbose_name='paid by'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='next_version',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.offeringversion', verbose_name='terms from the next period on'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='offering_version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.offeringversion', verbose_name='terms'),
        ),
        migrations.AddField(
            model_name='consent',
            name='subscription',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='plans.subscription', verbose_name='subscription'),
        ),
        migrations.AddField(
            model_name='order',
            name='subscription',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='plans.subscription', verbose_name='subscription'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('price_minor__gte', 0), ('tax_minor__gte', 0), ('tax_minor__lte', models.F('price_minor'))), name='order_price_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['purchase', 'top_up', 'voucher']), models.Q(('kind__in', ['renewal', 'upgrade']), ('period_number__isnull', False), ('subscription__isnull', False)), _connector='OR'), name='order_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'renewal'), ('state__in', ['placed', 'paid', 'denied'])), fields=('subscription', 'period_number'), name='order_one_renewal_a_period'),
        ),
        migrations.AddField(
            model_name='subscriptionperiod',
            name='order',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='period', to='plans.order', verbose_name='paid by'),
        ),
        migrations.AddField(
            model_name='subscriptionperiod',
            name='subscription',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='periods', to='plans.subscription', verbose_name='subscription'),
        ),
        migrations.AddConstraint(
            model_name='offeringitem',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['connectivity', 'security', 'broadband', 'service'])), name='offering_item_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='offeringitem',
            constraint=models.CheckConstraint(condition=models.Q(('fulfillment__in', ['manual', 'hook'])), name='offering_item_fulfillment_known'),
        ),
        migrations.AddConstraint(
            model_name='paymentmethod',
            constraint=models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('account', 'provider', 'digest'), name='payment_method_once'),
        ),
        migrations.AddConstraint(
            model_name='paymentmethod',
            constraint=models.CheckConstraint(condition=models.Q(('monthly_ceiling_minor', None), ('monthly_ceiling_minor__gte', 0), _connector='OR'), name='payment_method_ceiling_sane'),
        ),
        migrations.AddConstraint(
            model_name='paymentmethod',
            constraint=models.CheckConstraint(condition=models.Q(('removed_at', None), ('sealed', None), _connector='OR'), name='payment_method_forgotten'),
        ),
        migrations.AddIndex(
            model_name='paymentmessage',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['next_at'], name='payment_message_due'),
        ),
        migrations.AddConstraint(
            model_name='paymentmessage',
            constraint=models.UniqueConstraint(fields=('provider', 'event_id'), name='payment_message_once'),
        ),
        migrations.AddConstraint(
            model_name='paymentmessage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'waiting')), models.Q(('ended_at__isnull', False), ('state__in', ['applied', 'ignored', 'mismatch', 'forged'])), _connector='OR'), name='payment_message_state_known'),
        ),
        migrations.AddIndex(
            model_name='subscription',
            index=models.Index(condition=models.Q(('state__in', ['active', 'grace'])), fields=['next_try_at'], name='subscription_due'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['active', 'grace', 'paused'])), fields=('account',), name='subscription_one_live_an_account'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state__in', ['active', 'grace'])), models.Q(('ended_at', None), ('paused_at__isnull', False), ('state', 'paused')), models.Q(('ended_at__isnull', False), ('state', 'ended')), _connector='OR'), name='subscription_state_known'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.CheckConstraint(condition=models.Q(('period_ends_at__gt', models.F('period_starts_at'))), name='subscription_period_forward'),
        ),
        migrations.AddIndex(
            model_name='consent',
            index=models.Index(fields=['account', '-given_at'], name='consent_of_account'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('subject__in', ['renewal', 'reminder', 'auto_top_up', 'change'])), name='consent_subject_known'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='consent_has_text'),
        ),
        migrations.AddConstraint(
            model_name='subscriptionperiod',
            constraint=models.UniqueConstraint(fields=('subscription', 'number'), name='period_once'),
        ),
        migrations.AddConstraint(
            model_name='subscriptionperiod',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='period_forward'),
        ),
        migrations.RunSQL(FROZEN, THAWED),
    ]
