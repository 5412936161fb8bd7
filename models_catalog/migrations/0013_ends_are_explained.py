"""The day on which a model retires says what its announcement does."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0012_found_models'),
    ]

    operations = [
        migrations.AlterField(
            model_name='chatmodel',
            name='retires_date',
            field=models.DateField(blank=True, help_text='Who used it is told 30, 7 and 1 day before. Emptied, the end is taken back.', null=True, verbose_name='retires on'),
        ),
    ]
