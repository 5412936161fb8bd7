"""What no public list tells of a model is 0, until somebody wants to call it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0009_cards_are_shown'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='chatmodel',
            name='chat_model_has_room',
        ),
        migrations.AlterField(
            model_name='chatmodel',
            name='context_tokens',
            field=models.PositiveIntegerField(default=0, verbose_name='context, in tokens'),
        ),
        migrations.AlterField(
            model_name='chatmodel',
            name='max_output_tokens',
            field=models.PositiveIntegerField(default=0, verbose_name='longest answer, in tokens'),
        ),
        migrations.AddConstraint(
            model_name='chatmodel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('preview', 'available', 'deprecated')), _negated=True), models.Q(('context_tokens__gte', 1), ('max_output_tokens__gte', 1)), _connector='OR'), name='chat_model_has_room'),
        ),
    ]
