"""What the timetable does for the shop and the ledger: asks about payments, ends orders and lots, tidies."""

import logging
from collections.abc import Callable

from celery import shared_task

from plans import (
    fapiao_news,
    fulfillment,
    invoices,
    keys,
    ledger,
    messages,
    offerings,
    orders,
    reclaims,
    reconciliations,
    renewals,
    repayments,
    shares,
)
from portal.kit import clock

LARGEST_JUMP_SECONDS = 300.0

logger = logging.getLogger(__name__)
_steadiness = clock.Steadiness()


@shared_task(ignore_result=True)
def refresh_pending_payments() -> int:
    """This will ask the providers about the payments whose time has come."""
    return orders.refresh_pending(now=clock.now())


@shared_task(ignore_result=True)
def process_payment_messages() -> int:
    """This will do what the waiting messages of payment providers bring about."""
    return messages.process(now=clock.now())


@shared_task(ignore_result=True)
def refresh_repayments() -> int:
    """This will ask the providers about what they are to pay back."""
    return repayments.refresh_due(now=clock.now())


@shared_task(ignore_result=True)
def reconcile_payments() -> int:
    """This will hold the payments of past days against the providers' lists."""
    return reconciliations.run(now=clock.now())


@shared_task(ignore_result=True)
def expire_orders() -> int:
    """This will give up the orders that nobody paid in time."""
    return in_steady_time(lambda: orders.expire(now=clock.now()))


@shared_task(ignore_result=True)
def renew_plans() -> int:
    """This will remind of, charge, retry and end the plans whose time has come."""
    return in_steady_time(lambda: renewals.run(now=clock.now()))


@shared_task(ignore_result=True)
def tell_of_items() -> int:
    """This will tell the hook of what bundles owe beside credits."""
    return fulfillment.tell_hook(now=clock.now())


@shared_task(ignore_result=True)
def expire_lots() -> int:
    """This will end the lots whose time is over."""
    return in_steady_time(ledger.expire)


@shared_task(ignore_result=True)
def write_invoices() -> int:
    """This will write the invoices and credit notes that are missing."""
    return invoices.catch_up(now=clock.now())


@shared_task(ignore_result=True)
def exchange_fapiao_news() -> int:
    """This will tell the hook of e-fapiao that wait for it, where there is one, and do what it answers."""
    return fapiao_news.exchange(now=clock.now())


@shared_task(ignore_result=True)
def follow_shares() -> int:
    """This will let quotas that are a share of the plan follow what the plans grant."""
    return in_steady_time(lambda: shares.follow(now=clock.now()))


@shared_task(ignore_result=True)
def tell_credit_prices() -> int:
    """This will mend what the catalog knows of the price of credits, should it differ from the shelf."""
    return offerings.tell_credit_prices()


@shared_task(ignore_result=True)
def reclaim() -> int:
    """This will let flow back what slices did not use, where this is the day for it."""
    return in_steady_time(reclaims.run)


@shared_task(ignore_result=True)
def note_endings() -> int:
    """This will note the lots that end in a week and in a day."""
    return in_steady_time(ledger.note_endings)


@shared_task(ignore_result=True)
def earn() -> int:
    """This will book what use and lapse have earned."""
    return in_steady_time(ledger.earn)


@shared_task(ignore_result=True)
def forget_idempotency_keys() -> int:
    """This will forget what callers named their calls more than a day ago."""
    return in_steady_time(ledger.forget_keys)


@shared_task(ignore_result=True)
def forget_windows() -> int:
    """This will forget the minutes and sessions that quotas counted and that are long over."""
    return in_steady_time(ledger.forget_windows)


@shared_task(ignore_result=True)
def make_partitions() -> int:
    """This will give the books the partitions of the coming months."""
    return ledger.make_partitions()


@shared_task(ignore_result=True)
def drop_old_months() -> int:
    """This will drop the months of the books that need not be kept any more."""
    return in_steady_time(ledger.drop_old_months)


@shared_task(ignore_result=True)
def tidy_keys() -> int:
    """This will end the quotas of keys that have ended."""
    return in_steady_time(lambda: keys.tidy(clock.now()))


def in_steady_time(verb: Callable[[], int], *, steadiness: clock.Steadiness = _steadiness) -> int:
    """This will do nothing once the database's clock was set by minutes: what ends by the clock ends for good.

    A person makes sure that the clock is right and starts the worker of jobs again.
    """
    jumped = steadiness.jumped_seconds()
    if abs(jumped) <= LARGEST_JUMP_SECONDS:
        return verb()
    logger.critical("the database's clock was set by %.0f s; start the worker of jobs again once it is right", jumped)
    return 0
