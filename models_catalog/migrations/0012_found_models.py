"""What the test of an upstream found there, and who runs it."""


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0011_prices_come_whole'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='upstream',
            options={'ordering': ('slug',), 'permissions': (('reach_private_networks', 'Can let an upstream stand in a private network'),), 'verbose_name': 'upstream', 'verbose_name_plural': 'upstreams'},
        ),
        migrations.AddField(
            model_name='upstream',
            name='vendor',
            field=models.ForeignKey(blank=True, help_text='Who runs it, and under whose contract.', null=True, on_delete=django.db.models.deletion.PROTECT, to='models_catalog.vendor', verbose_name='vendor'),
        ),
        migrations.CreateModel(
            name='FoundModel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upstream_model', models.CharField(max_length=160)),
                ('context_tokens', models.PositiveIntegerField(default=0)),
                ('max_output_tokens', models.PositiveIntegerField(default=0)),
                ('upstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='found_models', to='models_catalog.upstream')),
            ],
            options={
                'ordering': ('upstream', 'upstream_model'),
                'constraints': [models.UniqueConstraint(fields=('upstream', 'upstream_model'), name='found_model_once')],
            },
        ),
    ]
