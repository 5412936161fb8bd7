"""Publishes the first text that guardians consent to, in both languages, from `guardian_texts/`, which never changes."""

from pathlib import Path
from typing import Any

from django.db import migrations
from django.db.models.functions import Now

TEXTS = Path(__file__).parent / "guardian_texts"


def publish(apps: Any, _editor: Any) -> None:
    """This will publish version 1."""
    legal_text = apps.get_model("accounts", "LegalText")
    for path in sorted(TEXTS.glob("guardian_1_*.md")):
        kind, version, language = path.stem.split("_")
        legal_text.objects.create(
            kind=kind,
            version=int(version),
            language=language,
            body=path.read_text(encoding="utf-8"),
            published_at=Now(),
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_people")]

    operations = [migrations.RunPython(publish, migrations.RunPython.noop)]
