"""Offers everybody a few scenarios; their names are translated where they are shown."""

from typing import Any

from django.db import migrations
from django.db.models.functions import Now

NAMES = ("Homework", "Languages", "Stories and play", "Letters and texts", "Shop and customers", "Coding", "Research")


def offer(apps: Any, _editor: Any) -> None:
    """This will add them."""
    scenario = apps.get_model("accounts", "Scenario")
    for name in NAMES:
        scenario.objects.create(account=None, name=name, created_at=Now())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_guardian_text")]

    operations = [migrations.RunPython(offer, migrations.RunPython.noop)]
