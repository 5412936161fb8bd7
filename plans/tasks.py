"""What the timetable does for the shop: asks about open payments, gives up unpaid orders, ends old lots."""

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
