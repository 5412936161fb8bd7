"""Late evidence names its route, and calls that no vendor's price is known of are counted."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0014_tests_pass_or_not'),
        ('usage', '0015_assistants'),
    ]

    operations = [
        migrations.CreateModel(
            name='UnpricedCalls',
            fields=[
                ('pk', models.CompositePrimaryKey('day', 'route_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('route_id', models.BigIntegerField()),
                ('calls', models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='lateevidence',
            name='route',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='models_catalog.route', verbose_name='route'),
        ),
    ]
