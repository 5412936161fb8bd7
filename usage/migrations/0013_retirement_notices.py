"""Who was told that a model is being retired."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_erased_names'),
        ('models_catalog', '0009_cards_are_shown'),
        ('usage', '0012_sessions'),
    ]

    operations = [
        migrations.CreateModel(
            name='RetirementNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('retires_date', models.DateField()),
                ('days_before', models.PositiveSmallIntegerField()),
                ('told_at', models.DateTimeField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
                ('chat_model', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='models_catalog.chatmodel')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('chat_model', 'account', 'retires_date', 'days_before'), name='retirement_is_told_once')],
            },
        ),
    ]
