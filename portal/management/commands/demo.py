"""Runs the whole portal with its demo in the foreground: servers, processes, people and offers."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from portal import demo
from portal.embedded import demonstration


class Command(BaseCommand):
    """`manage.py demo` starts everything; `--load` is the part that migrates and loads, and ends."""

    help = "Runs the whole portal with its demo; Ctrl-C stops it."
    requires_system_checks: list[str] = []  # `make check` has made them

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This will add the switch that the supervisor itself uses."""
        parser.add_argument("--load", action="store_true", help="migrate, load the demo, and end")

    def handle(self, *_args: Any, load: bool, **_options: Any) -> None:
        """This will load, or run until Ctrl-C."""
        if not load:
            demonstration.run()
            return
        demo.collect()
        demo.wait_for_database()
        call_command("migrate", verbosity=0, interactive=False)
        demo.load()
