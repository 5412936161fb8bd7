"""Data cards, the vendor register, prices by hour and by length, vendors' own prices, and how models do here."""


import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0006_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='AliasVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('active_from', models.DateTimeField(verbose_name='in force from')),
                ('set_by', models.BigIntegerField(blank=True, null=True, verbose_name='set by')),
            ],
            options={
                'verbose_name': 'version of an alias',
                'verbose_name_plural': 'versions of aliases',
                'ordering': ('alias', '-version'),
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('chat_model', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='models_catalog.chatmodel')),
                ('up', models.PositiveIntegerField()),
                ('down', models.PositiveIntegerField()),
                ('microcredits', models.BigIntegerField()),
                ('measured_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='CreditPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(unique=True)),
                ('audience', models.CharField(max_length=16)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('is_recommended', models.BooleanField(default=False)),
                ('name', models.CharField(max_length=80)),
                ('name_zh', models.CharField(max_length=80)),
                ('price_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('microcredits', models.BigIntegerField()),
            ],
            options={
                'ordering': ('position', 'slug'),
            },
        ),
        migrations.CreateModel(
            name='LifeAverage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.SlugField(unique=True)),
                ('calls', models.PositiveIntegerField()),
                ('in_fresh', models.PositiveIntegerField()),
                ('out_text', models.PositiveIntegerField()),
                ('measured_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ModelHealth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('span', models.CharField(choices=[('hour', 'an hour'), ('day', 'a day'), ('last_day', 'the last 24 hours'), ('last_month', 'the last 30 days')], max_length=10)),
                ('starts_at', models.DateTimeField()),
                ('calls', models.PositiveIntegerField()),
                ('succeeded', models.PositiveIntegerField()),
                ('first_token_p50', models.PositiveIntegerField(null=True)),
                ('first_token_p95', models.PositiveIntegerField(null=True)),
                ('speed_p50', models.PositiveIntegerField(null=True)),
                ('speed_p95', models.PositiveIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PriceTier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_input_tokens', models.PositiveIntegerField(verbose_name='from so many input tokens')),
                ('in_fresh', models.BigIntegerField(default=0, verbose_name='input')),
                ('cache_read', models.BigIntegerField(default=0, verbose_name='input read from cache')),
                ('cache_write_5m', models.BigIntegerField(default=0, verbose_name='input written to cache for 5 minutes')),
                ('cache_write_1h', models.BigIntegerField(default=0, verbose_name='input written to cache for 1 hour')),
                ('in_image', models.BigIntegerField(default=0, verbose_name='image input')),
                ('in_audio', models.BigIntegerField(default=0, verbose_name='audio input')),
                ('out_text', models.BigIntegerField(default=0, verbose_name='output')),
                ('out_reasoning', models.BigIntegerField(default=0, verbose_name='reasoning')),
                ('out_image', models.BigIntegerField(default=0, verbose_name='image output')),
                ('out_audio', models.BigIntegerField(default=0, verbose_name='audio output')),
                ('per_request', models.BigIntegerField(default=0, verbose_name='per request')),
            ],
            options={
                'verbose_name': 'tier of a price',
                'verbose_name_plural': 'tiers of prices',
                'ordering': ('price', 'from_input_tokens'),
            },
        ),
        migrations.CreateModel(
            name='VendorPrice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('active_from', models.DateTimeField(verbose_name='in force from')),
                ('noted_at', models.DateTimeField(verbose_name='noted at')),
                ('noted_by', models.BigIntegerField(blank=True, null=True, verbose_name='noted by')),
                ('currency', models.CharField(max_length=3, verbose_name='currency')),
                ('exchange_rate', models.DecimalField(decimal_places=8, max_digits=18, verbose_name='exchange rate')),
                ('source', models.CharField(max_length=300, verbose_name='source')),
                ('source_date', models.DateField(verbose_name='date of the source')),
                ('in_fresh', models.BigIntegerField(blank=True, null=True, verbose_name='input')),
                ('cache_read', models.BigIntegerField(blank=True, null=True, verbose_name='input read from cache')),
                ('cache_write_5m', models.BigIntegerField(blank=True, null=True, verbose_name='input written to cache for 5 minutes')),
                ('cache_write_1h', models.BigIntegerField(blank=True, null=True, verbose_name='input written to cache for 1 hour')),
                ('in_image', models.BigIntegerField(blank=True, null=True, verbose_name='image input')),
                ('in_audio', models.BigIntegerField(blank=True, null=True, verbose_name='audio input')),
                ('out_text', models.BigIntegerField(blank=True, null=True, verbose_name='output')),
                ('out_reasoning', models.BigIntegerField(blank=True, null=True, verbose_name='reasoning')),
                ('out_image', models.BigIntegerField(blank=True, null=True, verbose_name='image output')),
                ('out_audio', models.BigIntegerField(blank=True, null=True, verbose_name='audio output')),
                ('per_request', models.BigIntegerField(blank=True, null=True, verbose_name='per request')),
            ],
            options={
                'verbose_name': "vendor's price",
                'verbose_name_plural': "vendors' prices",
                'ordering': ('chat_model', '-active_from', '-pk'),
            },
        ),
        migrations.RemoveConstraint(
            model_name='price',
            name='price_one_per_moment',
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='contract',
            field=models.CharField(blank=True, db_default='', help_text='Under which contract it is served.', max_length=200, verbose_name='contract'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='family',
            field=models.CharField(blank=True, db_default='', help_text='What its versions have in common: Qwen3.', max_length=80, verbose_name='family'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='filing',
            field=models.CharField(blank=True, db_default='', help_text='The filing number, or why none is needed.', max_length=200, verbose_name='generative-AI filing'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='imported',
            field=models.JSONField(blank=True, db_default={}, default=dict, editable=False, verbose_name='imported'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='operated_by',
            field=models.CharField(blank=True, db_default='', max_length=120, verbose_name='operated by'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='released_date',
            field=models.DateField(blank=True, null=True, verbose_name='released'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='replacement',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='models_catalog.chatmodel', verbose_name='replaced by'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='retires_date',
            field=models.DateField(blank=True, null=True, verbose_name='retires on'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='service_label',
            field=models.CharField(blank=True, db_default='', help_text='How answers are marked as made by AI.', max_length=200, verbose_name='service label'),
        ),
        migrations.AddField(
            model_name='chatmodel',
            name='tokenizer',
            field=models.CharField(blank=True, choices=[('', 'estimate'), ('deepseek', 'DeepSeek V3'), ('qwen', 'Qwen 2.5 / 3'), ('qwen3.5', 'Qwen 3.5'), ('o200k', 'GPT o200k'), ('embedded', 'the model on this machine')], db_default='', default='', max_length=16, verbose_name='tokenizer'),
        ),
        migrations.AddField(
            model_name='price',
            name='base',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='windows', to='models_catalog.price', verbose_name='in place of'),
        ),
        migrations.AddField(
            model_name='price',
            name='ends_at',
            field=models.TimeField(blank=True, null=True, verbose_name='until'),
        ),
        migrations.AddField(
            model_name='price',
            name='starts_at',
            field=models.TimeField(blank=True, null=True, verbose_name='from'),
        ),
        migrations.AddField(
            model_name='price',
            name='weekdays',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), db_default=[], default=list, size=None, verbose_name='weekdays'),
        ),
        migrations.AddField(
            model_name='upstream',
            name='may_be_private',
            field=models.BooleanField(db_default=False, default=False, help_text="Only for an endpoint of your own: its address may then be one of your network's.", verbose_name='may stand in a private network'),
        ),
        migrations.AddField(
            model_name='upstream',
            name='test_found',
            field=models.CharField(blank=True, db_default='', editable=False, max_length=300, verbose_name='found by the test'),
        ),
        migrations.AddField(
            model_name='upstream',
            name='tested_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='tested at'),
        ),
        migrations.AddField(
            model_name='vendor',
            name='contact',
            field=models.CharField(blank=True, db_default='', max_length=200, verbose_name='contact'),
        ),
        migrations.AddField(
            model_name='vendor',
            name='contract',
            field=models.CharField(blank=True, db_default='', max_length=200, verbose_name='contract'),
        ),
        migrations.AddField(
            model_name='vendor',
            name='contract_ends_date',
            field=models.DateField(blank=True, null=True, verbose_name='contract ends on'),
        ),
        migrations.AddField(
            model_name='vendor',
            name='note',
            field=models.TextField(blank=True, db_default='', verbose_name='note'),
        ),
        migrations.AddField(
            model_name='vendor',
            name='risk',
            field=models.CharField(choices=[('unknown', 'not judged yet'), ('low', 'low'), ('medium', 'medium'), ('high', 'high')], db_default='unknown', default='unknown', max_length=8, verbose_name='risk'),
        ),
        migrations.AddField(
            model_name='vendor',
            name='terms_url',
            field=models.CharField(blank=True, db_default='', max_length=300, validators=[django.core.validators.URLValidator(['https', 'http'])], verbose_name='data terms'),
        ),
        migrations.AlterField(
            model_name='chatmodel',
            name='capabilities',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('text', 'text'), ('streaming', 'streaming'), ('tools', 'tools'), ('reasoning', 'reasoning'), ('structured', 'structured output'), ('caching', 'prompt caching'), ('chinese', 'strong in Chinese'), ('code', 'strong in code'), ('images', 'reads pictures'), ('audio', 'hears sound'), ('video', 'watches video'), ('files', 'reads files'), ('image_output', 'draws pictures'), ('audio_output', 'speaks'), ('open_weights', 'open weights')], max_length=32), blank=True, default=list, size=None, verbose_name='capabilities'),
        ),
        migrations.AddConstraint(
            model_name='chatmodel',
            constraint=models.CheckConstraint(condition=models.Q(('replacement', None), models.Q(('replacement', models.F('pk')), _negated=True), _connector='OR'), name='chat_model_replaced_by_another'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.UniqueConstraint(condition=models.Q(('base', None)), fields=('chat_model', 'active_from'), name='price_one_per_moment'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('base', None), ('ends_at', None), ('starts_at', None), ('weekdays', [])), models.Q(('base__isnull', False), ('ends_at__isnull', False), ('starts_at__isnull', False), ('weekdays__contained_by', [1, 2, 3, 4, 5, 6, 7]), ('weekdays__len__gte', 1)), _connector='OR'), name='price_window_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='vendor',
            constraint=models.CheckConstraint(condition=models.Q(('risk__in', ['unknown', 'low', 'medium', 'high'])), name='vendor_risk_is_known'),
        ),
        migrations.AddField(
            model_name='aliasversion',
            name='alias',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='models_catalog.alias', verbose_name='alias'),
        ),
        migrations.AddField(
            model_name='aliasversion',
            name='chat_model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='models_catalog.chatmodel', verbose_name='model'),
        ),
        migrations.AddConstraint(
            model_name='creditprice',
            constraint=models.CheckConstraint(condition=models.Q(('microcredits__gt', 0), ('price_minor__gte', 0)), name='credit_price_is_of_something'),
        ),
        migrations.AddField(
            model_name='modelhealth',
            name='chat_model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='models_catalog.chatmodel'),
        ),
        migrations.AddField(
            model_name='pricetier',
            name='price',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tiers', to='models_catalog.price', verbose_name='price'),
        ),
        migrations.AddField(
            model_name='vendorprice',
            name='chat_model',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='models_catalog.chatmodel', verbose_name='model'),
        ),
        migrations.AddField(
            model_name='vendorprice',
            name='upstream',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='models_catalog.upstream', verbose_name='upstream'),
        ),
        migrations.AddConstraint(
            model_name='aliasversion',
            constraint=models.UniqueConstraint(fields=('alias', 'version'), name='alias_version_once'),
        ),
        migrations.AddConstraint(
            model_name='modelhealth',
            constraint=models.UniqueConstraint(fields=('chat_model', 'span', 'starts_at'), name='model_health_once'),
        ),
        migrations.AddConstraint(
            model_name='modelhealth',
            constraint=models.CheckConstraint(condition=models.Q(('succeeded__lte', models.F('calls'))), name='model_health_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.UniqueConstraint(fields=('price', 'from_input_tokens'), name='price_tier_once'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('from_input_tokens__gte', 1)), name='price_tier_begins_above_nothing'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('in_fresh__gte', 0), ('in_fresh__lte', 1000000000000000)), name='price_tier_in_fresh_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('cache_read__gte', 0), ('cache_read__lte', 1000000000000000)), name='price_tier_cache_read_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('cache_write_5m__gte', 0), ('cache_write_5m__lte', 1000000000000000)), name='price_tier_cache_write_5m_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('cache_write_1h__gte', 0), ('cache_write_1h__lte', 1000000000000000)), name='price_tier_cache_write_1h_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('in_image__gte', 0), ('in_image__lte', 1000000000000000)), name='price_tier_in_image_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('in_audio__gte', 0), ('in_audio__lte', 1000000000000000)), name='price_tier_in_audio_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('out_text__gte', 0), ('out_text__lte', 1000000000000000)), name='price_tier_out_text_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('out_reasoning__gte', 0), ('out_reasoning__lte', 1000000000000000)), name='price_tier_out_reasoning_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('out_image__gte', 0), ('out_image__lte', 1000000000000000)), name='price_tier_out_image_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('out_audio__gte', 0), ('out_audio__lte', 1000000000000000)), name='price_tier_out_audio_in_range'),
        ),
        migrations.AddConstraint(
            model_name='pricetier',
            constraint=models.CheckConstraint(condition=models.Q(('per_request__gte', 0), ('per_request__lte', 1000000000000000)), name='price_tier_per_request_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.UniqueConstraint(fields=('chat_model', 'upstream', 'active_from'), name='vendor_price_one_per_moment', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='vendor_price_currency_is_iso'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('exchange_rate__gt', 0)), name='vendor_price_is_exchanged'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='vendor_price_names_its_source'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('in_fresh__gte', 0), ('in_fresh__lte', 1000000000000000)), name='vendor_price_in_fresh_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('cache_read__gte', 0), ('cache_read__lte', 1000000000000000)), name='vendor_price_cache_read_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('cache_write_5m__gte', 0), ('cache_write_5m__lte', 1000000000000000)), name='vendor_price_cache_write_5m_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('cache_write_1h__gte', 0), ('cache_write_1h__lte', 1000000000000000)), name='vendor_price_cache_write_1h_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('in_image__gte', 0), ('in_image__lte', 1000000000000000)), name='vendor_price_in_image_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('in_audio__gte', 0), ('in_audio__lte', 1000000000000000)), name='vendor_price_in_audio_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('out_text__gte', 0), ('out_text__lte', 1000000000000000)), name='vendor_price_out_text_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('out_reasoning__gte', 0), ('out_reasoning__lte', 1000000000000000)), name='vendor_price_out_reasoning_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('out_image__gte', 0), ('out_image__lte', 1000000000000000)), name='vendor_price_out_image_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('out_audio__gte', 0), ('out_audio__lte', 1000000000000000)), name='vendor_price_out_audio_in_range'),
        ),
        migrations.AddConstraint(
            model_name='vendorprice',
            constraint=models.CheckConstraint(condition=models.Q(('per_request__gte', 0), ('per_request__lte', 1000000000000000)), name='vendor_price_per_request_in_range'),
        ),
    ]
