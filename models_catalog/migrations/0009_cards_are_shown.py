"""A model that can be called shows its data card."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0008_notes_are_final'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='chatmodel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('preview', 'available', 'deprecated')), _negated=True), models.Q(models.Q(('operated_by', ''), _negated=True), models.Q(('data_region', 'unknown'), _negated=True), models.Q(('retention', 'unknown'), _negated=True), ('trains_on_data__isnull', False), models.Q(('contract', ''), _negated=True), models.Q(('filing', ''), _negated=True), models.Q(('service_label', ''), _negated=True)), _connector='OR'), name='chat_model_shows_its_card'),
        ),
    ]
