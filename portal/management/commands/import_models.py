"""Brings a file of models into the catalog: vendors, models and their vendors' list prices."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import audit
from models_catalog import importing
from models_catalog.importing import SEED, BadSeed, Plan, Seed
from portal.kit import clock


class Command(BaseCommand):
    """`manage.py import_models --dry-run` first: a line for each change, old → new, and the counts at the end."""

    help = "Imports models and list prices; what was edited here stays, and nothing becomes callable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This will take the file, what a person has looked at, and why."""
        parser.add_argument("--dry-run", action="store_true", help="tell what would change, and change nothing")
        parser.add_argument("--file", type=Path, default=SEED, help="a file of models; without it, the reviewed one")
        parser.add_argument("--reason", default="", help="why, for the audit event")
        parser.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="SLUG",
            help="note this model's list price though it is far from the last one; may be given more than once",
        )

    def handle(self, *_args: Any, dry_run: bool, file: Path, accept: list[str], reason: str, **_options: Any) -> None:
        """This will tell, or do, what the file brings."""
        try:
            seed = importing.read(file)
            plan = importing.look(seed, accepted=accept) if dry_run else _carry_out(seed, accept, reason, file)
        except BadSeed as refusal:
            message = f"{refusal} Nothing was changed."
            raise CommandError(message) from refusal
        for line in plan.lines:
            self.stdout.write(line)
        self.stdout.write(", ".join(f"{count} {what}" for what, count in plan.counts.items()) + ".")
        if plan.held:
            self.stdout.write("Look at what is held back, then import again with --accept SLUG.")
        if dry_run:
            self.stdout.write("Dry run: nothing was changed.")


@transaction.atomic
def _carry_out(seed: Seed, accepted: list[str], reason: str, file: Path) -> Plan:
    now = clock.now()
    plan = importing.carry_out(seed, accepted=accepted, by=None, now=now)
    audit.record(
        "models.import",
        subject=file.name,
        account=None,
        by=None,
        now=now,
        reason=reason,
        accepted=sorted(accepted),
        **{what.replace(" ", "_"): count for what, count in plan.counts.items()},
    )
    return plan
