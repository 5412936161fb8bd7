"""What belongs to the portal as a whole: its clock."""

from datetime import timedelta

from django.db import models
from django.db.models import Q


class Clock(models.Model):
    """One row: how far business time is ahead of the wall clock. Only the demo and the tests move it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    shift = models.DurationField(default=timedelta(0))

    class Meta:
        db_table = "portal_clock"
        constraints = (
            models.CheckConstraint(name="clock_is_one_row", condition=Q(id=1)),
            models.CheckConstraint(name="clock_never_behind", condition=Q(shift__gte=timedelta(0))),
        )

    def __str__(self) -> str:
        return f"{self.shift} ahead"
