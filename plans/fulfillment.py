"""Delivers what a bundle holds beside credits: a hook is told, or staff does it by hand and says so.

Whether the hook was told is the row's own note: a row that waits is told once more, later each time, and the id of the
row lets the other side see what it knows already (Standard Webhooks 1.0: webhook-id, -timestamp, -signature).
"""

import logging
import random
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings

from accounts import audit, senders
from accounts.models import User
from plans.models import Fulfillment, OfferingItem, Order
from plans.models.fulfillment import MOVES
from portal.kit.refusals import Refusal, gettext_noop

logger = logging.getLogger(__name__)

BATCH = 20
SHORTEST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
MOST_DOUBLINGS = 12
MOST_TRIES = 60
"""Some two and a half days of silence; then it has failed, and a person looks at it."""
LONGEST_NOTE = 200


class NotOpen(Refusal):
    """The item was delivered already, or its order brings nothing like it."""

    code = "item_not_open"
    status = 409
    sentence = gettext_noop("This item is not open any more. Look at how it stands now.")


def open_items(order: Order, *, now: datetime) -> int:
    """This will write down what a paid order owes beside credits, once, and return how many items that are.

    What a person set up by hand goes on when the order only renews a plan.
    """
    owed = OfferingItem.objects.filter(offering_version=order.offering_version_id)
    if order.kind == Order.Kind.RENEWAL:
        owed = owed.filter(fulfillment=OfferingItem.Fulfillment.HOOK)
    rows = [Fulfillment(order=order, item=item, opened_at=now) for item in owed]
    return len(Fulfillment.objects.bulk_create(rows, ignore_conflicts=True))


def tell_hook(*, now: datetime) -> int:
    """This will tell the hook of the items that wait, at most a batch, and return how many rows it took on."""
    if not settings.FULFILLMENT_HOOK_URL:
        return 0
    due = Fulfillment.objects.due(now=now).order_by("next_try_at", "pk").values_list("pk", flat=True)[:BATCH]
    return sum(_tell(pk, now=now) for pk in list(due))


def finish(row: Fulfillment, *, by: User, reason: str, now: datetime) -> None:
    """This will note that a person delivered the item; raises `NotOpen`."""
    _decide(row, to=Fulfillment.State.DONE, by=by, reason=reason, now=now)


def give_up(row: Fulfillment, *, by: User, reason: str, now: datetime) -> None:
    """This will note that the item cannot be delivered; raises `NotOpen`."""
    _decide(row, to=Fulfillment.State.FAILED, by=by, reason=reason, now=now)


def try_again(row: Fulfillment, *, by: User, reason: str, now: datetime) -> None:
    """This will let an item that failed wait once more, and the hook be told of it anew; raises `NotOpen`."""
    _decide(row, to=Fulfillment.State.WAITING, by=by, reason=reason, now=now)


def _decide(row: Fulfillment, *, to: str, by: User, reason: str, now: datetime) -> None:
    changes: dict[str, Any] = {"state": to, "note": reason[:LONGEST_NOTE]}
    if to == Fulfillment.State.WAITING:
        changes |= {"told_at": None, "tries": 0, "next_try_at": None}
    else:
        changes[f"{to}_at"] = now
    if not Fulfillment.objects.filter(pk=row.pk, state__in=MOVES.before(to)).update(**changes):
        raise NotOpen
    audit.record(
        f"item.{to}", subject=str(row), account=row.order.account, by=by, now=now, reason=reason, item=row.item.kind
    )


def _tell(pk: int, *, now: datetime) -> bool:
    """The row is marked before the hook is told, so that two tasks tell it once; a crash leaves it to its next try."""
    rows = Fulfillment.objects.filter(pk=pk, state=Fulfillment.State.WAITING)
    row = rows.select_related("item", "order__account", "order__offering_version__offering").first()
    if row is None:
        return False
    pause = _pause_after(row.tries + 1)
    if not rows.filter(tries=row.tries, told_at=None).update(tries=row.tries + 1, next_try_at=now + pause):
        return False
    answer = senders.post_signed(
        settings.FULFILLMENT_HOOK_URL,
        orjson.dumps(_told(row)),
        message_id=f"item-{pk}",
        secret=settings.FULFILLMENT_HOOK_SECRET,
        now=now,
    )
    _take(row, answer, now=now)
    return True


def _take(row: Fulfillment, answer: senders.HookAnswer, *, now: datetime) -> None:
    """Yes means delivered, 202 that it is under way and a person will say; a clear no has failed; else we ask again."""
    waiting = Fulfillment.objects.filter(pk=row.pk, state=Fulfillment.State.WAITING)
    if answer.is_taken_on:
        waiting.update(told_at=now, note=answer.note[:LONGEST_NOTE])
    elif answer.is_yes:
        waiting.update(state=Fulfillment.State.DONE, done_at=now, told_at=now, note=answer.note[:LONGEST_NOTE])
    elif answer.is_no or row.tries + 1 >= MOST_TRIES:
        logger.warning("item %s of order %s failed: %s", row.pk, row.order_id, answer.note)
        waiting.update(state=Fulfillment.State.FAILED, failed_at=now, told_at=now, note=answer.note[:LONGEST_NOTE])


def _told(row: Fulfillment) -> dict[str, Any]:
    """What the hook is told of: nothing about people but the account's number."""
    order = row.order
    return {
        "type": "item.ordered",
        "id": f"item-{row.pk}",
        "item": {"kind": row.item.kind, "name": row.item.name, "position": row.item.position},
        "offering": order.offering_version.offering.slug,
        "offering_version": order.offering_version.version,
        "order": order.number,
        "order_kind": order.kind,
        "period": order.period_number,
        "account": order.account_id,
        "paid_at": order.paid_at,
    }


def _pause_after(tries: int) -> timedelta:
    longest = min(LONGEST_PAUSE, SHORTEST_PAUSE * (1 << min(tries - 1, MOST_DOUBLINGS)))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing
