"""Lets staff say what becomes of an answer whose caller has left."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0004_prompt_permille'),
    ]

    operations = [
        migrations.AddField(
            model_name='upstream',
            name='on_leave',
            field=models.CharField(choices=[('cancel', 'stop it and charge what had arrived'), ('drain', 'read on for a minute and charge what the vendor counts'), ('free', 'stop it and charge nothing, as the vendor does')], default='cancel', max_length=8, verbose_name='when the caller leaves'),
        ),
        migrations.AddConstraint(
            model_name='upstream',
            constraint=models.CheckConstraint(condition=models.Q(('on_leave__in', ['cancel', 'drain', 'free'])), name='upstream_on_leave_known'),
        ),
    ]
