"""Lets an upstream promise to stay in mainland China and to never train on data."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0005_on_leave'),
    ]

    operations = [
        migrations.AddField(
            model_name='upstream',
            name='is_mainland',
            field=models.BooleanField(default=False, verbose_name='stays in mainland China'),
        ),
        migrations.AddField(
            model_name='upstream',
            name='is_never_trained',
            field=models.BooleanField(default=False, verbose_name='never trains on data'),
        ),
    ]
