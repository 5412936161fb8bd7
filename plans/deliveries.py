"""What a paid order brings: its credits, in the transaction that makes payment, order and lot one thing."""

from datetime import datetime
from zoneinfo import ZoneInfo

from plans import eligibility, fulfillment, invoices, ledger, offerings, payment_providers, quotas, subscriptions
from plans.models import Lot, Offering, Order, Payment
from plans.models.order import MOVES
from portal.kit.units import Microcredits, Money


def deliver(order: Order, payment: Payment | None, *, now: datetime) -> None:
    """This will mark the order as paid by `payment`, or by nothing where it costs nothing, and bring what was bought.

    The caller holds the transaction.
    """
    payable = Order.objects.filter(pk=order.pk, state__in=MOVES.before("paid"))
    moved = payable.update(state=Order.State.PAID, paid_at=now)
    assert moved == 1, f"order {order.pk} took money in a state that allows none"
    eligibility.use(order, now=now)
    bought = _lot_of(order, payment, now=now)
    if order.offering_version.offering.kind == Offering.Kind.PACK:
        ledger.grant(bought)
    else:
        subscriptions.begin_period(order, bought, method=payment.method if payment else None, now=now)
    quotas.follow_plan(order.account_id)
    fulfillment.open_items(order, now=now)
    invoices.issue(order, now=now)


def _lot_of(order: Order, payment: Payment | None, *, now: datetime) -> ledger.Grant:
    version = order.offering_version
    start = now.astimezone(ZoneInfo(order.account.time_zone))
    return ledger.Grant(
        account_id=order.account_id,
        source=_source_of(order),
        name=version.label,
        microcredits=Microcredits(order.microcredits),
        dedupe_key=f"order:{order.pk}",
        reason=f"order {order.number} paid" if payment else f"order {order.number}, a gift",
        by_user_id=order.placed_by.user_id,
        priority=version.priority,
        expires_at=offerings.ends_at(version, start=start),
        order_id=order.pk,
        offering_version_id=version.pk,
        chat_model_ids=offerings.chat_model_ids_of(version),
        received=_received(order, payment) if payment else None,
    )


def _source_of(order: Order) -> str:
    """What was not paid for is never paid back."""
    if order.offering_version.offering.kind != Offering.Kind.PACK:
        return Lot.Source.PLAN
    return Lot.Source.TOPUP if order.price_minor else Lot.Source.PROMO


def _received(order: Order, payment: Payment) -> ledger.Received:
    return ledger.Received(
        Money(payment.amount_minor, payment.currency),
        payment_providers.money_account(payment.provider),
        order.tax_minor,
        order.offering_version.platform_basis_points,
        order.offering_version.channel_basis_points,
    )
