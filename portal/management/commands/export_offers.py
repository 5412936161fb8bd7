"""Writes every offer with its newest terms as a file that `import_offers` takes."""

from typing import Any

from django.core.management.base import BaseCommand

from plans import offerings


class Command(BaseCommand):
    """`manage.py export_offers > offers.json`: the JSON that `plans.offerings.shapes` describes, in shelf order."""

    help = "Writes the offers as JSON: a file that import_offers takes, here or on another portal."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """This will write the file to the standard output."""
        self.stdout.write(offerings.written().decode(), ending="")
