"""Offers everybody one more scenario: translation."""

from typing import Any

from django.db import migrations
from django.db.models.functions import Now

NAME = "Translation"


def offer(apps: Any, _editor: Any) -> None:
    """This will add it, unless staff has made one of this name."""
    scenario = apps.get_model("accounts", "Scenario")
    if not scenario.objects.filter(account=None, name=NAME).exists():
        scenario.objects.create(account=None, name=NAME, created_at=Now())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_erased_names")]

    operations = [migrations.RunPython(offer, migrations.RunPython.noop)]
