"""What the tests of standing plans are written with: an account that has bought one, and days that pass."""

from datetime import datetime, timedelta
from uuid import uuid4

from accounts.models import Member
from plans import ledger, offerings, orders, renewals, subscriptions
from plans.models import Lot, Offering, OfferingVersion, Order, Subscription
from portal.kit import clock
from portal.sandbox.operator import Operator
from tests.plans.cast import scripted
from tests.plans.ledger import books

PHONE = scripted("00")
A_DAY = timedelta(days=1)


def subscribed(member: Member, *, slug: str = "starter", phone: str = PHONE, renews: bool = True) -> Subscription:
    """This will buy a plan through the checkout's verb and return what it began."""
    version = offerings.current(slug)
    wish = orders.Wish(order_id=uuid4(), version=version.version, phone=phone, renews=renews)
    order = orders.check_out(version, wish=wish, by=member, now=clock.now())
    assert orders.get(order.pk, account_id=member.account_id).state == Order.State.PAID
    return subscriptions.live_of(member.account_id)


def published(
    slug: str, *, audience: str = "household", active_from: datetime | None = None, **terms: object
) -> OfferingVersion:
    """This will put a plan on the shelf, with the terms of the starter plan but for those given."""
    offering, _ = Offering.objects.get_or_create(
        slug=slug, defaults={"audience": audience, "kind": "plan", "position": 40}
    )
    known = {"name": slug, "name_zh": slug, "price_minor": 990, "currency": "CNY", "valid_months": 1}
    known |= {"microcredits": 10_000_000 * 10**6, "seats": 2}
    return offerings.publish(offering, terms=known | terms, now=clock.now(), active_from=active_from)


def pass_time(until: datetime) -> None:
    """This will let time pass, and the timetable look at the plans whenever one of them is due."""
    renewals.run(now=clock.now())
    while (now := clock.now()) < until:
        waiting = Subscription.objects.live().filter(next_try_at__gt=now)
        due_at = waiting.order_by("next_try_at").values_list("next_try_at", flat=True).first()
        books.move_clock(min(until, due_at or until) - now + timedelta(seconds=1))
        ledger.expire()
        orders.expire(now=clock.now())
        renewals.run(now=clock.now())


def again(subscription: Subscription) -> Subscription:
    """This will return how it stands now."""
    return Subscription.objects.select_related("account", "offering_version", "next_version").get(pk=subscription.pk)


def lots(subscription: Subscription) -> list[Lot]:
    """The lots of the account in the order in which they were granted."""
    return list(Lot.objects.filter(account=subscription.account_id).order_by("pk"))


def charged(operator: Operator) -> int:
    """How many payments the operator's books hold as made."""
    return sum(charge.shown()["paymentStatus"] == "succeeded" for charge in operator.charges.values())


def refuse(operator: Operator, phone: str = PHONE) -> None:
    operator.books.scripts.tell(phone, "deny")


def allow(operator: Operator, phone: str = PHONE) -> None:
    operator.books.scripts.tell(phone, "approve")
