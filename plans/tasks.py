"""What the timetable does for the shop and the ledger: asks about payments, ends orders and lots, tidies."""

from celery import shared_task

from plans import ledger, orders
from portal.kit import clock


@shared_task(ignore_result=True)
def refresh_pending_payments() -> int:
    """This will ask the providers about the payments whose time has come."""
    return orders.refresh_pending(now=clock.now())


@shared_task(ignore_result=True)
def expire_orders() -> int:
    """This will give up the orders that nobody paid in time."""
    return orders.expire(now=clock.now())


@shared_task(ignore_result=True)
def expire_lots() -> int:
    """This will end the lots whose time is over."""
    return ledger.expire()


@shared_task(ignore_result=True)
def note_endings() -> int:
    """This will note the lots that end in a week and in a day."""
    return ledger.note_endings()


@shared_task(ignore_result=True)
def earn() -> int:
    """This will book what use and lapse have earned."""
    return ledger.earn()


@shared_task(ignore_result=True)
def forget_idempotency_keys() -> int:
    """This will forget what callers named their calls more than a day ago."""
    return ledger.forget_keys()


@shared_task(ignore_result=True)
def make_partitions() -> int:
    """This will give the books the partitions of the coming months."""
    return ledger.make_partitions()


@shared_task(ignore_result=True)
def drop_old_months() -> int:
    """This will drop the months of the books that need not be kept any more."""
    return ledger.drop_old_months()
