"""What the timetable does for the catalog."""

from celery import shared_task

from models_catalog import lifecycle
from portal.kit import clock


@shared_task(ignore_result=True)
def retire_models() -> int:
    """This will retire the models whose last day has come."""
    return lifecycle.retire_due(now=clock.now())
