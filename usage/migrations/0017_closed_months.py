"""Keeps what the books said of a month once it was over; it never changes."""

import django.db.models.deletion
from django.db import migrations, models

FROZEN = """
CREATE TRIGGER closed_month_is_frozen BEFORE UPDATE OR DELETE ON usage_closedmonth
FOR EACH ROW EXECUTE FUNCTION plans_refuse_change();
"""
THAWED = "DROP TRIGGER closed_month_is_frozen ON usage_closedmonth"


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0015_bills'),
        ('accounts', '0011_translation'),
        ('usage', '0016_books'),
    ]

    operations = [
        migrations.CreateModel(
            name='ClosedMonth',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('active_from', models.DateTimeField()),
                ('active_to', models.DateTimeField()),
                ('time_zone', models.CharField(max_length=64)),
                ('lines', models.JSONField()),
                ('account', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.account')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'month'), name='closed_month_once')],
            },
        ),
        migrations.RunSQL(FROZEN, THAWED),
    ]
