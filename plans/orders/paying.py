"""Paying an order: in the way that was chosen, in another one after that, or with a code; asked about until it ends."""

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.models import Account, Member
from plans import consents, deliveries, eligibility, payment_providers, payments, subscriptions
from plans.models import OfferingVersion, Order, Payment, PaymentMethod
from plans.models.order import MOVES
from plans.orders.concluding import ask, conclude
from plans.orders.placing import OPEN_FOR, place
from plans.orders.refusals import BadCode, CodesUsedUp, NoCodeAsked, NotPayable, TermsChanged, WayNotAllowed
from plans.orders.wishes import Wish, check_buyer, get
from plans.payment_providers.base import Unanswered, WrongCode

BATCH = 200


def check_out(version: OfferingVersion, *, wish: Wish, by: Member, now: datetime) -> Order:
    """This will place the order and ask for the money; sent twice with the same id, it does so once.

    Raises `TermsChanged` and the refusals of `place` and `pay`.
    """
    check_buyer(by)
    is_known = Order.objects.of_account(by.account_id).filter(pk=wish.order_id).exists()
    if not is_known and not _is_as_shown(version, wish, by=by, now=now):
        raise TermsChanged
    means = wish.means(by=by)
    if version.price_minor:
        _check_way(version, means)
        if means.number:
            payments.check_phone(means.number, order_id=wish.order_id, now=now)
    with transaction.atomic():  # a refusal leaves no order behind
        order = place(version, order_id=wish.order_id, by=by, now=now)
        if wish.renews and order.is_waiting:
            consents.agree_with(order, by=by, now=now)
        payment = _open(order, means, by=by, now=now) if order.is_waiting and order.price_minor else None
    if payment:
        ask(payment, now=now)
    elif order.is_waiting and not order.price_minor:
        give(order, now=now)
    return order


def ways(version: OfferingVersion) -> list[str]:
    """This will return the ways in which an offering may be paid here, in the order of the page."""
    return [name for name in payment_providers.open() if not version.providers or name in version.providers]


def pay(order: Order, *, means: payments.Means, by: Member, now: datetime) -> None:
    """This will ask for the money of a placed or denied order in this way, unless it is being asked for.

    Another way that is still open is called off at its provider first. Raises `NotPayable`, `WayNotAllowed`,
    `payments.PhoneAskedEnough`, `methods.OverCeiling`.
    """
    if order.price_minor == 0:
        give(order, now=now)
        return
    _check_way(order.offering_version, means)
    if means.number and not means.is_alone:
        payments.check_phone(means.number, order_id=order.pk, now=now)
    open_one = Payment.objects.alive().open().filter(order=order).first()
    if open_one and not payments.matches(open_one, means):
        open_one.order = order
        payments.leave(open_one, now=now)
        ask(open_one, now=now)
    if payment := _open(order, means, by=by, now=now):
        ask(payment, now=now)


def charge(order: Order, *, method: PaymentMethod, by: Member, now: datetime) -> None:
    """This will ask for the money of an order by a stored way to pay while nobody is there; raises what `pay` does."""
    pay(order, means=payments.Means(method.provider, method=method, is_alone=True), by=by, now=now)


def enter_code(order: Order, *, code: str, by: Member, now: datetime) -> None:
    """This will pay with the code that the payer was sent by SMS.

    Raises `NoCodeAsked`, `BadCode` while tries are left, `CodesUsedUp`.
    """
    check_buyer(by)
    waiting = Payment.objects.alive().filter(order=order, state=Payment.State.PENDING_VALIDATION)
    payment = waiting.exclude(authorization_id="").select_related("order__offering_version__offering").first()
    if payment is None:
        raise NoCodeAsked
    try:
        answer = payments.try_code(payment, code=code)
    except WrongCode:
        _count_wrong(payment, now=now)
        return
    except Unanswered:
        payments.note_silence(payment, now=now)
        return
    conclude(payment, answer, now=now)
    if answer.reason == "code":
        raise CodesUsedUp


def refresh(order: Order, *, now: datetime) -> Order:
    """This will ask the provider, if it is time to, and return the order as it stands then."""
    for payment in Payment.objects.open().filter(order=order).select_related("order__offering_version__offering"):
        if payments.take_turn(payment, now=now):
            ask(payment, now=now)
    return get(order.pk, account_id=order.account_id)


def refresh_pending(*, now: datetime) -> int:
    """This will ask about every payment whose time has come, at most a batch, and return how many."""
    due = list(Payment.objects.due(now=now).select_related("order__offering_version__offering")[:BATCH])
    turns = [payment for payment in due if payments.take_turn(payment, now=now)]
    for payment in turns:
        ask(payment, now=now)
    return len(turns)


def check_with_provider(payment: Payment, *, now: datetime) -> Payment:
    """This will ask about one payment now, whatever its turn: what staff do, and what a message brings about."""
    ask(payment, now=now)
    return Payment.objects.get(pk=payment.pk)


def cancel(order: Order, *, by: Member, now: datetime) -> None:
    """This will give up a waiting order, and call off its payment where the provider can.

    Whoever approves on the phone after all still gets the credits.
    """
    check_buyer(by)
    waiting = Order.objects.filter(pk=order.pk, account_id=by.account_id, state__in=MOVES.before("canceled"))
    if not waiting.update(state=Order.State.CANCELED, canceled_at=now):
        return
    for payment in Payment.objects.open().filter(order=order).select_related("order__offering_version__offering"):
        ask(payment, now=now)


def expire(*, now: datetime) -> int:
    """This will give up the orders that nobody paid in time, at most a batch, and return how many."""
    overdue = Order.objects.overdue(now=now).order_by("expires_at").values("pk")[:BATCH]
    waiting = Order.objects.filter(pk__in=list(overdue.values_list("pk", flat=True)), state=Order.State.PLACED)
    return waiting.update(state=Order.State.EXPIRED, expired_at=now)


@transaction.atomic
def _open(order: Order, means: payments.Means, *, by: Member, now: datetime) -> Payment | None:
    """A new payment, or None where somebody was first: the order is paid, or is being paid.

    The account's row is held, so that two payments at once count each other against a ceiling.
    """
    Account.objects.select_for_update(no_key=True).get(pk=order.account_id)
    denied = Order.objects.filter(pk=order.pk, state=Order.State.DENIED)
    denied.update(state=Order.State.PLACED, denied_at=None, expires_at=max(order.expires_at, now + OPEN_FOR))
    order.refresh_from_db(fields=["state", "expires_at", "denied_at", "paid_at"])
    if order.state == Order.State.PAID:
        return None
    if not order.is_waiting:
        raise NotPayable
    eligibility.take(order, now=now)
    eligibility.bind(order, provider=means.provider, payer=f"phone:{means.number}" if means.number else "", now=now)
    payment, is_new = payments.open_for(order, means=means, by=by, now=now)
    return payment if is_new else None


@transaction.atomic
def give(order: Order, *, now: datetime) -> None:
    """This will deliver, once, an order that costs nothing: it is paid by being placed."""
    Account.objects.select_for_update(no_key=True).get(pk=order.account_id)
    kept = Order.objects.of_account(order.account_id).select_for_update(of=("self",), no_key=True).get(pk=order.pk)
    if kept.is_waiting and not kept.price_minor:
        deliveries.deliver(kept, None, now=now)


def _is_as_shown(version: OfferingVersion, wish: Wish, *, by: Member, now: datetime) -> bool:
    """The price of a part of a month becomes another one at midnight."""
    price = subscriptions.due_first(version, by.account, now=now).price_minor
    return wish.version == version.version and wish.price_minor in {None, price}


def _check_way(version: OfferingVersion, means: payments.Means) -> None:
    payment_providers.provider(means.provider)
    if means.provider not in ways(version):
        raise WayNotAllowed


def _count_wrong(payment: Payment, *, now: datetime) -> None:
    Payment.objects.open().filter(pk=payment.pk).update(wrong_codes=F("wrong_codes") + 1)
    payment.refresh_from_db(fields=["wrong_codes"])
    tries = payment.wrong_codes
    if tries < payments.MOST_CODES:
        raise BadCode(left=payments.MOST_CODES - tries)
    Payment.objects.filter(pk=payment.pk).update(denial_reason="code")
    payments.leave(payment, now=now)
    ask(payment, now=now)
    denied = Order.objects.filter(pk=payment.order_id, state__in=MOVES.before("denied"))
    denied.update(state=Order.State.DENIED, denied_at=now)
    raise CodesUsedUp
