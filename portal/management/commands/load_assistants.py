"""Loads the portal's own assistants from their reviewed file; staff publishes what is new."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.kit import clock
from usage import shelf


class Command(BaseCommand):
    """`manage.py load_assistants`: a second run changes only what the file changed."""

    help = "Loads the assistants of usage/assistants.json; new ones are drafts until staff publishes them."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """This will load them and say how many stand on the shelf."""
        loaded = shelf.load(now=clock.now())
        standing = sum(assistant.is_on_shelf for assistant in loaded)
        self.stdout.write(f"{len(loaded)} assistants are loaded, {standing} of them published.")
