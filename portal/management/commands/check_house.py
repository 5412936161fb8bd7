"""Checks the rules of the house that no general tool knows."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.management.house import project


class Command(BaseCommand):
    """Prints every place that breaks a rule of the house, and fails when there is one."""

    help = "Check sizes, words, templates, styles, migrations and what the repository holds."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        """This will print the findings, one a line, and end with 1 when there are any."""
        found = project.findings(settings.BASE_DIR)
        for finding in found:
            self.stdout.write(str(finding))
        if found:
            self.stderr.write(f"{len(found)} places break a rule of the house.")
            sys.exit(1)
        self.stdout.write("The house is in order.")
