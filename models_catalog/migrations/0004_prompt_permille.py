"""Adds what is learnt of how a model's vendor counts prompts."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0003_publication_stop'),
    ]

    operations = [
        migrations.AddField(
            model_name='chatmodel',
            name='prompt_permille',
            field=models.PositiveIntegerField(default=1000, verbose_name='set aside for what goes in, in permille'),
        ),
        migrations.AddConstraint(
            model_name='chatmodel',
            constraint=models.CheckConstraint(condition=models.Q(('prompt_permille__gte', 1)), name='chat_model_prompt_weighs'),
        ),
    ]
