"""Orders: placed with the price that the server knows, paid exactly once, or given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import Count, Q

from accounts.models import Account, Member
from plans import deliveries, payments
from plans.models import OfferingVersion, Order, Payment
from plans.models.order import MOVES
from plans.payment_providers.base import Unanswered
from portal.kit import pages
from portal.kit.refusals import Refusal, gettext_noop

OPEN_FOR = timedelta(minutes=30)
MOST_WAITING = 10
MOST_UNPAID = 12
UNPAID_SPAN = timedelta(hours=1)
"""An account begins so many orders in so long that nobody pays: each of them rings a phone."""
BATCH = 200


@dataclass(frozen=True)
class Wish:
    """What a buyer sent: an id that the server made for the page, the terms it showed, a phone in E.164."""

    order_id: UUID
    version: int
    phone: str


class MayNotBuy(Refusal):
    """The member neither owns the account nor pays its bills."""

    code = "may_not_buy"
    status = 403
    sentence = gettext_noop("Only the owner or the bill payer of your account can buy. Ask them to choose a plan.")


class MayNotRead(Refusal):
    """The member has no part in the account's money."""

    code = "may_not_read_bills"
    status = 403
    sentence = gettext_noop("Bills and receipts are for the owner and the bill payer of your account.")


class TermsChanged(Refusal):
    """The page that the order came from showed older terms."""

    code = "terms_changed"
    status = 409
    sentence = gettext_noop("The terms changed while you were looking. Nothing was ordered; please look once more.")


class TooManyWaiting(Refusal):
    """The account has many orders that nobody paid."""

    code = "too_many_waiting_orders"
    status = 429
    sentence = gettext_noop("Several of your orders still wait for payment. Pay or cancel one of them first.")


class TooManyBegun(Refusal):
    """The account began order after order and paid none."""

    code = "too_many_unpaid_orders"
    status = 429
    sentence = gettext_noop(
        "You began many orders within an hour without paying. Nothing was ordered; please try again in an hour."
    )


class StaleCheckout(Refusal):
    """The order's id is not one that the server made for this member."""

    code = "stale_checkout"
    status = 409
    sentence = gettext_noop("This checkout page is not valid any more. Nothing was ordered; please open it once more.")


class NotYours(Refusal):
    """The order belongs to another account, which sounds like one that does not exist."""

    code = "order_not_found"
    status = 404
    sentence = gettext_noop("There is no such order. Your orders are listed under Billing.")


def check_buyer(member: Member) -> None:
    """This will refuse whoever may not spend the account's money; raises `MayNotBuy`."""
    if not member.leads() or member.paused_at or member.left_at:
        raise MayNotBuy


def check_reader(member: Member) -> None:
    """This will refuse whoever may not see what the account bought; raises `MayNotRead`."""
    if not member.leads() and member.role != Member.Role.AUDITOR:
        raise MayNotRead


def new_id(by: Member) -> str:
    """This will make the id of an order that `by` may place, signed, for nobody chooses the number on a receipt."""
    return _signer(by).sign(str(uuid4()))


def read_id(signed: str, *, by: Member) -> UUID:
    """This will return the id that `new_id` made for `by`; raises `StaleCheckout`."""
    try:
        return UUID(_signer(by).unsign(signed))
    except BadSignature:
        raise StaleCheckout from None


def check_out(version: OfferingVersion, *, wish: Wish, by: Member, now: datetime) -> Order:
    """This will place the order and ask for the money; sent twice with the same id, it does so once.

    Raises `TermsChanged`, `payments.PhoneAskedEnough` and the refusals of `place`.
    """
    check_buyer(by)
    is_known = Order.objects.of_account(by.account_id).filter(pk=wish.order_id).exists()
    if wish.version != version.version and not is_known:
        raise TermsChanged
    payments.check_phone(wish.phone, order_id=wish.order_id, now=now)
    order = place(version, order_id=wish.order_id, by=by, now=now)
    if order.is_waiting:
        pay(order, phone=wish.phone, now=now)
    return order


@transaction.atomic
def place(version: OfferingVersion, *, order_id: UUID, by: Member, now: datetime) -> Order:
    """This will write down a promise to buy `version` at its price, and return the one that is there already.

    Raises `MayNotBuy`, `TooManyWaiting`, `TooManyBegun`, `NotYours`.
    """
    check_buyer(by)
    Account.objects.select_for_update(no_key=True).get(pk=by.account_id)  # else many at once all count too few
    _check_unpaid(by.account_id, but=order_id, now=now)
    order = Order(
        id=order_id,
        account_id=by.account_id,
        placed_by=by,
        offering_version=version,
        price_minor=version.price_minor,
        currency=version.currency,
        microcredits=version.microcredits,
        placed_at=now,
        expires_at=now + OPEN_FOR,
    )
    Order.objects.bulk_create([order], ignore_conflicts=True)
    return get(order_id, account_id=by.account_id)


def get(order_id: UUID, *, account_id: int) -> Order:
    """This will return an order of the account; raises `NotYours`."""
    order = Order.objects.of_account(account_id).filter(pk=order_id).first()
    if order is None:
        raise NotYours
    return order


def listed(*, account_id: int, after: str) -> pages.Page[Order]:
    """This will return a page of the account's orders, newest first, after the one whose id is given."""
    mine = Order.objects.of_account(account_id)
    try:
        last = mine.filter(pk=UUID(after)).first() if after else None
    except ValueError:
        raise NotYours from None
    chosen = mine.after(last) if last else mine
    return pages.cut(list(chosen[: pages.PAGE_SIZE + 1]))


def pay(order: Order, *, phone: str, now: datetime) -> None:
    """This will ask for the money of a placed order on the bill of `phone`, unless it is being asked for."""
    payment, is_new = payments.open_for(order, phone=phone, now=now)
    if is_new:
        _ask(payment, now=now)


def refresh(order: Order, *, now: datetime) -> Order:
    """This will ask the provider, if it is time to, and return the order as it stands then."""
    payment = Payment.objects.open().filter(order=order).first()
    if payment and payments.take_turn(payment, now=now):
        _ask(payment, now=now)
    return get(order.pk, account_id=order.account_id)


def refresh_pending(*, now: datetime) -> int:
    """This will ask about every payment whose time has come, at most a batch, and return how many."""
    due = list(Payment.objects.due(now=now).select_related("order__offering_version__offering")[:BATCH])
    turns = [payment for payment in due if payments.take_turn(payment, now=now)]
    for payment in turns:
        _ask(payment, now=now)
    return len(turns)


def check_with_provider(payment: Payment, *, now: datetime) -> Payment:
    """This will ask about one payment now, whatever its turn: what staff do."""
    if payment.is_open:
        _ask(payment, now=now)
    return Payment.objects.get(pk=payment.pk)


def cancel(order: Order, *, by: Member, now: datetime) -> None:
    """This will give up a waiting order. Whoever approves on the phone after all still gets the credits."""
    check_buyer(by)
    waiting = Order.objects.filter(pk=order.pk, account_id=by.account_id, state__in=MOVES.before("canceled"))
    waiting.update(state=Order.State.CANCELED, canceled_at=now)


def expire(*, now: datetime) -> int:
    """This will give up the orders that nobody paid in time, at most a batch, and return how many."""
    overdue = Order.objects.overdue(now=now).order_by("expires_at").values("pk")[:BATCH]
    waiting = Order.objects.filter(pk__in=list(overdue.values_list("pk", flat=True)), state=Order.State.PLACED)
    return waiting.update(state=Order.State.EXPIRED, expired_at=now)


def _signer(by: Member) -> Signer:
    return Signer(salt=f"plans.orders:{by.pk}")


def _check_unpaid(account_id: int, *, but: UUID, now: datetime) -> None:
    counted = (
        Order.objects.filter(account_id=account_id)
        .exclude(pk=but)
        .aggregate(
            waiting=Count("pk", filter=Q(state=Order.State.PLACED)),
            begun=Count("pk", filter=Q(placed_at__gt=now - UNPAID_SPAN) & ~Q(state=Order.State.PAID)),
        )
    )
    if counted["waiting"] >= MOST_WAITING:
        raise TooManyWaiting
    if counted["begun"] >= MOST_UNPAID:
        raise TooManyBegun


def _ask(payment: Payment, *, now: datetime) -> None:
    try:
        answer = payments.ask(payment, is_wanted=payment.order.is_waiting, now=now)
    except Unanswered:
        payments.note_silence(payment, now=now)
        return
    _conclude(payment, answer, now=now)


@transaction.atomic
def _conclude(payment: Payment, answer: payments.Answer, *, now: datetime) -> None:
    if payments.record(payment, answer, now=now):
        deliveries.deliver(payment.order, payment, now=now)
    elif not Payment.objects.filter(pk=payment.pk, state=answer.state).exists():
        return  # an answer that did not fit its payment says nothing about the order
    elif answer.state == Payment.State.DENIED:
        waiting = Order.objects.filter(pk=payment.order_id, state__in=MOVES.before("denied"))
        waiting.update(state=Order.State.DENIED, denied_at=now)
    elif answer.state == Payment.State.CANCELED:
        waiting = Order.objects.filter(pk=payment.order_id, state__in=MOVES.before("canceled"))
        waiting.update(state=Order.State.CANCELED, canceled_at=now)
