"""What a paid order brings: its credits, in the transaction that makes payment, order and lot one thing."""

from datetime import datetime
from zoneinfo import ZoneInfo

from plans import invoices, ledger, offerings, payment_providers, quotas, subscriptions
from plans.models import Lot, Offering, Order, Payment
from plans.models.order import MOVES
from portal.kit.units import Microcredits, Money


def deliver(order: Order, payment: Payment | None, *, now: datetime) -> None:
    """This will mark the order as paid by `payment` and grant what was bought; the caller holds the transaction.

    An order that costs nothing has no payment.
    """
    payable = Order.objects.filter(pk=order.pk, state__in=MOVES.before("paid"))
    moved = payable.update(state=Order.State.PAID, paid_at=now)
    assert moved == 1, f"order {order.pk} took money in a state that allows none"
    bought = _lot_of(order, payment, now=now)
    if order.offering_version.offering.kind == Offering.Kind.PACK:
        ledger.grant(bought)
    else:
        subscriptions.begin_period(order, bought, method=payment.method if payment else None, now=now)
    quotas.follow_plan(order.account_id)
    invoices.issue(order, now=now)


def _lot_of(order: Order, payment: Payment | None, *, now: datetime) -> ledger.Grant:
    version = order.offering_version
    start = now.astimezone(ZoneInfo(order.account.time_zone))
    is_pack = version.offering.kind == Offering.Kind.PACK
    return ledger.Grant(
        account_id=order.account_id,
        source=Lot.Source.TOPUP if is_pack else Lot.Source.PLAN,
        name=version.label,
        microcredits=Microcredits(order.microcredits),
        dedupe_key=f"order:{order.pk}",
        reason=f"order {order.number} paid",
        by_user_id=order.placed_by.user_id,
        priority=version.priority,
        expires_at=offerings.ends_at(version, start=start),
        order_id=order.pk,
        offering_version_id=version.pk,
        received=_received(order, payment) if payment else None,
    )


def _received(order: Order, payment: Payment) -> ledger.Received:
    return ledger.Received(
        Money(payment.amount_minor, payment.currency),
        payment_providers.money_account(payment.provider),
        order.tax_minor,
        order.offering_version.platform_basis_points,
        order.offering_version.channel_basis_points,
    )
