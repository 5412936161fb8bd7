"""Adds the votes of readers on answers, and what things of everyday life take each account."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_erased_names'),
        ('models_catalog', '0007_open_eyes'),
        ('usage', '0013_retirement_notices'),
    ]

    operations = [
        migrations.CreateModel(
            name='OwnAverage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.SlugField()),
                ('calls', models.PositiveIntegerField()),
                ('in_fresh', models.PositiveIntegerField()),
                ('out_text', models.PositiveIntegerField()),
                ('measured_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'kind'), name='own_average_once')],
            },
        ),
        migrations.CreateModel(
            name='Vote',
            fields=[
                ('call_id', models.UUIDField(primary_key=True, serialize=False)),
                ('is_up', models.BooleanField()),
                ('voted_at', models.DateTimeField()),
                ('chat_model', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='models_catalog.chatmodel')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
            ],
        ),
    ]
