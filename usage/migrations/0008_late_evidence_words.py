"""Gives the late evidence words that staff may read."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0007_dropped'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='lateevidence',
            options={'verbose_name': 'late evidence', 'verbose_name_plural': 'late evidence'},
        ),
        migrations.AlterField(
            model_name='lateevidence',
            name='arrived_at',
            field=models.DateTimeField(verbose_name='arrived'),
        ),
        migrations.AlterField(
            model_name='lateevidence',
            name='call_id',
            field=models.UUIDField(primary_key=True, serialize=False, verbose_name='call'),
        ),
        migrations.AlterField(
            model_name='lateevidence',
            name='raw_usage',
            field=models.JSONField(verbose_name='usage as told'),
        ),
    ]
