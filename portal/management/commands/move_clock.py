"""Moves business time forward for all processes: for the demo and the tests only."""

import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from portal.kit import clock
from portal.management.owner import as_owner

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Command(BaseCommand):
    """`manage.py move_clock 31d`: forward only, because what has happened has happened."""

    help = "Moves business time forward, for example by 31d, 5h or 90m."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """This will add the distance."""
        parser.add_argument("distance", help="a number and one of s, m, h, d, w")

    def handle(self, *_args: Any, distance: str, **_options: Any) -> None:
        """This will change the one row of `portal_clock` and say what time it is now."""
        if not settings.DEMO:
            message = "Business time moves only in the demo and in tests (DEMO=on)."
            raise CommandError(message)
        with as_owner(connection), connection.cursor() as cursor:
            seconds = _distance(distance).total_seconds()
            cursor.execute("UPDATE portal_clock SET shift = shift + make_interval(secs => %s)", [seconds])
        self.stdout.write(f"It is now {clock.now():%Y-%m-%d %H:%M:%S} UTC.")


def _distance(text: str) -> timedelta:
    found = re.fullmatch(r"(\d+)([smhdw])", text)
    if not found:
        message = f"{text!r} is no distance; write for example 31d. Time only moves forward."
        raise CommandError(message)
    return timedelta(**{UNITS[found[2]]: int(found[1])})
