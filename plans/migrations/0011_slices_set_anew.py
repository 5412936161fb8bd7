"""Quotas know when they were raised, and what flowed back returns by itself where a slice was set lower."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0010_rates_and_sessions'),
    ]

    operations = [
        migrations.AddField(
            model_name='quota',
            name='raised_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='raised'),
        ),
        migrations.RemoveConstraint(
            model_name='reclaim',
            name='reclaim_returned_by_somebody',
        ),
        migrations.AddConstraint(
            model_name='reclaim',
            constraint=models.CheckConstraint(condition=models.Q(('returned_by', None), ('returned_at__isnull', False), _connector='OR'), name='reclaim_returned_once_by_one'),
        ),
    ]
