"""An upstream's last test says whether it passed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('models_catalog', '0013_ends_are_explained'),
    ]

    operations = [
        migrations.AddField(
            model_name='upstream',
            name='test_passed',
            field=models.BooleanField(editable=False, null=True, verbose_name='passed the test'),
        ),
    ]
