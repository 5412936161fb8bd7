"""Lets what could not be sent wait longer each time, and end where it is refused for good."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_mail_domains'),
    ]

    operations = [
        migrations.AddField(
            model_name='invitation',
            name='next_try_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next try'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='refused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='refused'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='tries',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='failed tries'),
        ),
        migrations.AddField(
            model_name='maildomain',
            name='next_try_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next try'),
        ),
        migrations.AddField(
            model_name='maildomain',
            name='refused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='refused'),
        ),
        migrations.AddField(
            model_name='maildomain',
            name='tries',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='failed tries'),
        ),
        migrations.AddField(
            model_name='notification',
            name='next_try_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='next try'),
        ),
        migrations.AddField(
            model_name='notification',
            name='refused_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='refused'),
        ),
        migrations.AddField(
            model_name='notification',
            name='tries',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name='failed tries'),
        ),
    ]
