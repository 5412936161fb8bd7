"""Django's makemigrations, which asks the database as its owner."""

from typing import Any

from django.core.management.commands import makemigrations
from django.db import connections

from portal.management.owner import as_owner


class Command(makemigrations.Command):
    """Writes migrations; the application's role need not exist yet."""

    def handle(self, *app_labels: str, **options: Any) -> None:
        """This will do what Django's command does."""
        with as_owner(connections["default"]):
            super().handle(*app_labels, **options)
