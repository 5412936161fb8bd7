"""What costs nothing: an order without money, delivered at once, as often as its terms allow."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Member
from plans import orders
from plans.models import OfferingVersion, Order
from portal.kit.refusals import Refusal, gettext_noop


class NotFree(Refusal):
    """The offering costs something."""

    code = "not_free"
    status = 409
    sentence = gettext_noop("This offer is not free of charge. Please buy it from the plans page.")


@transaction.atomic
def accept(version: OfferingVersion, *, order_id: UUID, by: Member, now: datetime) -> Order:
    """This will give the account what costs nothing, once for each order.

    Raises `NotFree` and the refusals of `orders.place`.
    """
    if version.price_minor:
        raise NotFree
    order = orders.place(version, order_id=order_id, by=by, now=now)
    orders.give(order, now=now)
    return orders.get(order.pk, account_id=by.account_id)
