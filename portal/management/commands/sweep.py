"""Closes, for as long as it runs, what a lost process left open."""

from typing import Any

from django.core.management.base import BaseCommand

from usage import sweeper


class Command(BaseCommand):
    """One sweeper is enough; two are harmless."""

    help = "Sweeps open calls until it is stopped."
    requires_system_checks: list[str] = []  # `make check` has made them

    def handle(self, *_args: Any, **_options: Any) -> None:
        """This will sweep until SIGINT or SIGTERM."""
        sweeper.run()
