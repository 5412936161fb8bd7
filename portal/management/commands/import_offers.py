"""Brings a file of offers onto the shelf: new versions where something differs, and nothing else."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import audit
from plans import offerings
from portal.kit import clock


class Command(BaseCommand):
    """`manage.py import_offers FILE --dry-run` first: a line for each thing that differs, old → new."""

    help = "Imports offers as new versions; what people bought stays. The form is in plans/offerings/shapes.py."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This will take the file, and why."""
        parser.add_argument("file", type=Path, help="a file as export_offers writes it")
        parser.add_argument("--dry-run", action="store_true", help="tell what would change, and change nothing")
        parser.add_argument("--reason", default="", help="why, for the audit event")

    def handle(self, *_args: Any, file: Path, dry_run: bool, reason: str, **_options: Any) -> None:
        """This will tell, or do, what the file brings."""
        if not dry_run and not reason.strip():
            message = "Say why with --reason; nothing was changed."
            raise CommandError(message)
        try:
            found = offerings.read(file)
            change = offerings.look(found, now=clock.now()) if dry_run else _carry_out(found, file, reason)
        except offerings.BadFile as refusal:
            message = f"{refusal} Nothing was changed."
            raise CommandError(message) from refusal
        for line in change.lines:
            self.stdout.write(line)
        self.stdout.write(f"{change.published} versions published.")
        if dry_run:
            self.stdout.write("Dry run: nothing was changed.")


@transaction.atomic
def _carry_out(found: offerings.File, file: Path, reason: str) -> offerings.Change:
    now = clock.now()
    change = offerings.carry_out(found, now=now)
    audit.record(
        "offers.import",
        subject=file.name,
        account=None,
        by=None,
        now=now,
        reason=reason,
        published=change.published,
        changes=len(change.lines),
    )
    return change
