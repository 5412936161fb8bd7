"""The brand says what papers name the seller by."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('portal', '0003_cache'),
    ]

    operations = [
        migrations.AddField(
            model_name='brand',
            name='bank',
            field=models.CharField(blank=True, max_length=200, verbose_name='bank and its account'),
        ),
        migrations.AddField(
            model_name='brand',
            name='legal_address',
            field=models.CharField(blank=True, max_length=200, verbose_name='address of the legal entity'),
        ),
        migrations.AddField(
            model_name='brand',
            name='tax_number',
            field=models.CharField(blank=True, max_length=40, verbose_name='tax number'),
        ),
    ]
