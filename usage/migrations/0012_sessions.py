"""A call remembers the session that it was of."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('usage', '0011_handovers'),
    ]

    operations = [
        migrations.AddField(
            model_name='call',
            name='session',
            field=models.CharField(blank=True, db_default='', max_length=64, verbose_name='session'),
        ),
    ]
