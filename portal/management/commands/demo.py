"""Runs the whole portal with its demo in the foreground: servers, processes, people and offers."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from portal import demo
from portal.embedded import place, running
from portal.embedded.trouble import Trouble


class Command(BaseCommand):
    """`manage.py demo` starts everything; `--load` is the part that migrates and loads, and ends."""

    help = "Runs the whole portal with its demo; Ctrl-C stops it."
    requires_system_checks: list[str] = []  # a process of its own checks nothing twice
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This will add the switch that the supervisor itself uses."""
        parser.add_argument("--load", action="store_true", help="migrate, load the demo, and end")

    def handle(self, *_args: Any, load: bool, **_options: Any) -> None:
        """This will load, or run until Ctrl-C; a trouble is one line and exit status 1."""
        if load:
            _load()
        else:
            self._run()

    def _run(self) -> None:
        os.environ["DEMO"] = "on"
        where = place.from_environment()
        shown = where.var_dir / "demo.json"
        shown.unlink(missing_ok=True)

        def ready(seconds: float) -> None:
            people = demo.show(where.var_dir, url=where.url)
            self.stdout.write(f"{people}\n\nReady in {seconds:.1f} s. Ctrl-C stops everything.")
            self.stdout.flush()

        try:
            running.run(running.Portal(where, say=self._say, ready=ready))
        except Trouble as trouble:
            self.stderr.write(str(trouble))
            sys.exit(1)
        finally:
            shown.unlink(missing_ok=True)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _load() -> None:
    call_command("collectstatic", verbosity=0, interactive=False)
    demo.wait_for_database()
    call_command("migrate", verbosity=0, interactive=False)
    demo.load()
