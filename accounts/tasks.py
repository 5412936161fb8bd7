"""What the jobs do for people, again and again."""

from celery import shared_task

from accounts import outbox
from portal.kit import clock


@shared_task
def send_invitations() -> int:
    """This will send the links of invitations that wait."""
    return outbox.send_invitations(clock.now())


@shared_task
def send_notifications() -> int:
    """This will send what members were told."""
    return outbox.send_notifications(clock.now())


@shared_task
def send_claims() -> int:
    """This will ask the postmasters of claimed domains."""
    return outbox.send_claims(clock.now())
