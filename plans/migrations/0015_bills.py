"""Makes invoices and credit notes, which never change, the titles they are written to, and e-fapiao."""

import django.db.models.deletion
from django.db import migrations, models

FROZEN = """
CREATE TRIGGER invoice_is_frozen BEFORE UPDATE OR DELETE ON plans_invoice
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
CREATE FUNCTION plans_refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.kind, NEW.year, NEW.last) = (OLD.kind, OLD.year, OLD.last + 1) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'papers are numbered one by one' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER invoice_counter_counts_up BEFORE UPDATE OR DELETE ON plans_invoicecounter
FOR EACH ROW EXECUTE FUNCTION plans_refuse_gap();
CREATE TRIGGER fapiao_file_is_frozen BEFORE UPDATE OR DELETE ON plans_fapiaofile
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
"""

THAWED = """
DROP TRIGGER fapiao_file_is_frozen ON plans_fapiaofile;
DROP TRIGGER invoice_counter_counts_up ON plans_invoicecounter;
DROP FUNCTION plans_refuse_gap();
DROP TRIGGER invoice_is_frozen ON plans_invoice;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0011_translation'),
        ('plans', '0014_pay_ways'),
    ]

    operations = [
        migrations.CreateModel(
            name='Fapiao',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('buyer', models.JSONField(verbose_name='buyer')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('total_minor', models.BigIntegerField(verbose_name='total, in minor units')),
                ('tax_minor', models.BigIntegerField(verbose_name='tax in it, in minor units')),
                ('state', models.CharField(choices=[('asked', 'asked for'), ('handed_over', 'being issued'), ('issued', 'issued'), ('reversed', 'reversed'), ('declined', 'declined')], default='asked', max_length=12, verbose_name='state')),
                ('number', models.CharField(blank=True, max_length=40, verbose_name='number of the tax bureau')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='why declined or reversed')),
                ('tries', models.PositiveSmallIntegerField(default=0, verbose_name='tries to hand it over')),
                ('tried_at', models.DateTimeField(blank=True, null=True, verbose_name='tried at')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('handed_over_at', models.DateTimeField(blank=True, null=True, verbose_name='handed over at')),
                ('issued_at', models.DateTimeField(blank=True, null=True, verbose_name='issued at')),
                ('reversal_asked_at', models.DateTimeField(blank=True, null=True, verbose_name='reversal asked for')),
                ('reversed_at', models.DateTimeField(blank=True, null=True, verbose_name='reversed at')),
                ('declined_at', models.DateTimeField(blank=True, null=True, verbose_name='declined at')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member', verbose_name='asked by')),
            ],
            options={
                'verbose_name': 'e-fapiao',
                'verbose_name_plural': 'e-fapiao',
            },
        ),
        migrations.CreateModel(
            name='InvoiceCounter',
            fields=[
                ('pk', models.CompositePrimaryKey('kind', 'year', blank=True, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=12)),
                ('year', models.PositiveSmallIntegerField()),
                ('last', models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='FapiaoFile',
            fields=[
                ('fapiao', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='file', serialize=False, to='plans.fapiao', verbose_name='e-fapiao')),
                ('content', models.BinaryField()),
                ('stored_at', models.DateTimeField(verbose_name='stored at')),
            ],
        ),
        migrations.CreateModel(
            name='Invoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('invoice', 'invoice'), ('credit_note', 'credit note')], max_length=12, verbose_name='kind')),
                ('number', models.CharField(max_length=20, unique=True, verbose_name='number')),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('serial', models.PositiveIntegerField(verbose_name='number within the year')),
                ('about_id', models.UUIDField(blank=True, null=True, unique=True, verbose_name='about')),
                ('issued_at', models.DateTimeField(verbose_name='issued')),
                ('time_zone', models.CharField(max_length=64, verbose_name='time zone')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('total_minor', models.BigIntegerField(verbose_name='total, in minor units')),
                ('tax_minor', models.BigIntegerField(verbose_name='tax in it, in minor units')),
                ('tax_basis_points', models.PositiveIntegerField(verbose_name='tax rate, in basis points')),
                ('lines', models.JSONField(verbose_name='lines')),
                ('seller', models.JSONField(verbose_name='seller')),
                ('buyer', models.JSONField(verbose_name='buyer')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account')),
                ('invoice', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='credit_notes', to='plans.invoice', verbose_name='of the invoice')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invoices', to='plans.order', verbose_name='order')),
            ],
            options={
                'verbose_name': 'invoice',
                'verbose_name_plural': 'invoices and credit notes',
            },
        ),
        migrations.CreateModel(
            name='FapiaoInvoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('total_minor', models.BigIntegerField(verbose_name='of it, in minor units')),
                ('tax_minor', models.BigIntegerField(verbose_name='tax in it, in minor units')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='free again since')),
                ('fapiao', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='plans.fapiao', verbose_name='e-fapiao')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='fapiaos', to='plans.invoice', verbose_name='invoice')),
            ],
            options={
                'verbose_name': 'invoice in an e-fapiao',
                'verbose_name_plural': 'invoices in e-fapiao',
            },
        ),
        migrations.CreateModel(
            name='InvoiceTitle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('personal', 'a person'), ('enterprise', 'a business')], default='personal', max_length=10, verbose_name='in the name of')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('tax_number', models.CharField(blank=True, max_length=18, verbose_name='unified social credit code')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='address')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('bank', models.CharField(blank=True, max_length=100, verbose_name='bank')),
                ('bank_account', models.CharField(blank=True, max_length=40, verbose_name='bank account')),
                ('created_at', models.DateTimeField(verbose_name='made')),
                ('chosen_at', models.DateTimeField(blank=True, null=True, verbose_name='for new invoices since')),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='removed')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.account', verbose_name='account')),
            ],
            options={
                'verbose_name': 'invoice title',
                'verbose_name_plural': 'invoice titles',
            },
        ),
        migrations.CreateModel(
            name='Seller',
            fields=[
                ('id', models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='name')),
                ('tax_number', models.CharField(blank=True, max_length=40, verbose_name='tax number')),
                ('address', models.CharField(blank=True, max_length=200, verbose_name='address')),
                ('phone', models.CharField(blank=True, max_length=40, verbose_name='phone')),
                ('bank', models.CharField(blank=True, max_length=200, verbose_name='bank and its account')),
            ],
            options={
                'verbose_name': 'seller',
                'verbose_name_plural': 'seller',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='seller_is_one_row')],
            },
        ),
        migrations.AddIndex(
            model_name='fapiao',
            index=models.Index(fields=['account', '-asked_at'], name='fapiao_of_account'),
        ),
        migrations.AddIndex(
            model_name='fapiao',
            index=models.Index(condition=models.Q(('state', 'asked')), fields=['asked_at'], name='fapiao_waiting'),
        ),
        migrations.AddConstraint(
            model_name='fapiao',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['asked', 'handed_over']), models.Q(('issued_at__isnull', False), ('state__in', ['issued', 'reversed']), models.Q(('number', ''), _negated=True)), models.Q(('declined_at__isnull', False), ('state', 'declined'), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='fapiao_state_known'),
        ),
        migrations.AddConstraint(
            model_name='fapiao',
            constraint=models.CheckConstraint(condition=models.Q(('tax_minor__gte', 0), ('tax_minor__lte', models.F('total_minor')), ('total_minor__gt', 0)), name='fapiao_amounts_sane'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(fields=['account', '-issued_at'], name='invoice_of_account'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(fields=('kind', 'year', 'serial'), name='invoice_number_once'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'invoice')), fields=('order',), name='invoice_one_an_order'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('about_id', None), ('invoice', None), ('kind', 'invoice')), models.Q(('about_id__isnull', False), ('invoice__isnull', False), ('kind', 'credit_note')), _connector='OR'), name='invoice_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='invoice',
            constraint=models.CheckConstraint(condition=models.Q(('serial__gt', 0), ('tax_minor__gte', 0), ('tax_minor__lte', models.F('total_minor')), ('total_minor__gt', 0)), name='invoice_amounts_sane'),
        ),
        migrations.AddConstraint(
            model_name='fapiaoinvoice',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('invoice',), name='fapiao_one_live_an_invoice'),
        ),
        migrations.AddConstraint(
            model_name='fapiaoinvoice',
            constraint=models.CheckConstraint(condition=models.Q(('tax_minor__gte', 0), ('tax_minor__lte', models.F('total_minor')), ('total_minor__gt', 0)), name='fapiao_part_sane'),
        ),
        migrations.AddIndex(
            model_name='invoicetitle',
            index=models.Index(fields=['account'], name='invoice_title_of_account'),
        ),
        migrations.AddConstraint(
            model_name='invoicetitle',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'personal'), ('tax_number', '')), models.Q(('kind', 'enterprise'), models.Q(('tax_number', ''), _negated=True)), _connector='OR'), name='invoice_title_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='invoicetitle',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='invoice_title_has_a_name'),
        ),
        migrations.AddConstraint(
            model_name='invoicetitle',
            constraint=models.UniqueConstraint(condition=models.Q(('chosen_at__isnull', False), ('removed_at', None)), fields=('account',), name='invoice_title_one_chosen'),
        ),
        migrations.RunSQL(FROZEN, THAWED),
    ]
