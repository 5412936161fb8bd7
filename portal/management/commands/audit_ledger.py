"""Audits the books: every invariant is a query in a view of violations, and the views must be empty."""

import sys
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection, transaction


@dataclass(frozen=True)
class Violation:
    """Something in the database that must never be."""

    kind: str
    subject: str
    details: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject} {self.details}"


class Command(BaseCommand):
    """Prints each violation, one a line; the exit status is 1 if there is any."""

    help = "Audits the books; exit status 1 if anything is wrong."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """This will look at all of it in one snapshot."""
        found = violations()
        for violation in found:
            self.stderr.write(str(violation))
        if found:
            self.stderr.write(f"{len(found)} violations.")
            sys.exit(1)
        self.stdout.write("The books are in order.")


def violations() -> list[Violation]:
    """This will return everything that the views of violations show, of one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        if not connection.savepoint_ids:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY, DEFERRABLE")
        cursor.execute("SELECT kind, subject, details FROM violations")
        return [Violation(*row) for row in cursor.fetchall()]
