"""Audits the books: every invariant is a query in one view of violations, and the view must be empty."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from usage import audits


class Command(BaseCommand):
    """Prints each violation, one a line; the exit status is 1 if there is any."""

    help = "Audits the books; exit status 1 if anything is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        """This will take --recent."""
        parser.add_argument("--recent", action="store_true", help="only what moved since the last clean audit")

    def handle(self, *_args: Any, **options: Any) -> None:
        """This will look at one snapshot, and keep what is found for admin."""
        run = audits.audit_recent() if options["recent"] else audits.audit_all()
        for found in run.found:
            self.stderr.write(str(audits.Violation(**found)))
        if not run.is_clean:
            self.stderr.write(f"{run.violations} violations.")
            sys.exit(1)
        self.stdout.write("The books are in order.")
