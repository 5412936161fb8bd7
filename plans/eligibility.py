"""Who may buy what how often: a place is taken when the order is placed, used when it is paid, and returned if not.

A place is returned when the next order looks, once nothing can be paid any more: no order that ends need say so, and
one that is approved on the phone after it was given up still counts. A refund returns nothing.
"""

from datetime import datetime, timedelta

from django.db import connection, models, transaction
from django.utils.crypto import salted_hmac

from plans.models import OfferingVersion, OfferUse, Order, Payment
from plans.models.offer_use import OfferUseQuerySet
from portal.kit.refusals import Refusal, gettext_noop

CHECKED = (Order.Kind.PURCHASE, Order.Kind.UPGRADE)
"""What renews or tops up something bought is not bought anew; a voucher has rules of its own."""
WEB = "web"


class BoughtOften(Refusal):
    """The account has bought it as often as it may."""

    code = "bought_often_enough"
    status = 409
    sentence = gettext_noop(
        "Your account has taken this offer as often as it may ({most}). Nothing was ordered; please choose another one."
    )


class BoughtOftenLately(BoughtOften):
    """As often as it may within so many days."""

    sentence = gettext_noop(
        "Your account has taken this offer as often as it may within {days} days ({most}). Nothing was ordered; "
        "please choose another one, or come back later."
    )


class PaidOften(Refusal):
    """This phone or card has paid for it as often as it may, for whichever account."""

    code = "payer_used_often_enough"
    status = 409
    sentence = gettext_noop(
        "This phone or card has paid for this offer as often as it may. Nothing was ordered; please choose another "
        "offer."
    )


class OnlyForNew(Refusal):
    """The account has bought something before."""

    code = "only_for_new_accounts"
    status = 409
    sentence = gettext_noop(
        "This offer is for accounts that have not bought anything yet. Nothing was ordered; please choose another one."
    )


class SoldElsewhere(Refusal):
    """The offering is not sold on the web."""

    code = "sold_elsewhere"
    status = 409
    sentence = gettext_noop("This offer cannot be bought here. Please choose another one from the plans page.")


class PaidOtherwise(Refusal):
    """The offering is not paid in this way."""

    code = "paid_otherwise"
    status = 409
    sentence = gettext_noop("This offer cannot be paid in this way. Nothing was ordered; please choose another way.")


def check(version: OfferingVersion, *, account_id: int, now: datetime) -> None:
    """This will refuse an account that may not buy `version` now; raises the refusals of this room."""
    if WEB not in version.channels:
        raise SoldElsewhere
    uses = OfferUse.objects.filter(account=account_id, offering=version.offering_id)
    _check_account(version, uses.counted().exclude(pk__in=_unpaid(uses).values("pk")), now=now)
    if version.is_for_new:
        _check_new(version, account_id=account_id)


def take(order: Order, *, now: datetime) -> None:
    """This will take a place for an order; the caller holds the account's lock. An order that has one keeps it.

    To be called when it is placed, and again when one that was denied is to be paid another way. Raises what `check`
    raises.
    """
    if order.kind not in CHECKED or order.state != Order.State.PLACED:
        return
    if OfferUse.objects.filter(order=order).counted().exists():
        return
    version = order.offering_version
    uses = OfferUse.objects.filter(account=order.account_id, offering=version.offering_id)
    _return_unpaid(uses, now=now)
    check(version, account_id=order.account_id, now=now)
    number = (uses.aggregate(last=models.Max("number"))["last"] or 0) + 1
    fresh = {"number": number, "taken_at": now, "returned_at": None, "payer": "", "payer_number": None}
    own = {"offering_id": version.offering_id, "account_id": order.account_id}
    OfferUse.objects.update_or_create(order=order, defaults=own | fresh)


@transaction.atomic
def bind(order: Order, *, provider: str, payer: str, now: datetime) -> None:
    """This will note who pays an order that is placed, before any money is asked for.

    `payer` names a phone or a card, say "phone:+8613812341234"; empty where the provider knows nobody. Raises
    `PaidOtherwise` and `PaidOften`.
    """
    version = order.offering_version
    if version.providers and provider not in version.providers:
        raise PaidOtherwise
    if order.kind not in CHECKED or not payer:
        return
    digest = salted_hmac("plans.eligibility", payer, algorithm="sha256").hexdigest()
    _wait_for(version.offering_id, digest)
    uses = OfferUse.objects.filter(offering=version.offering_id, payer=digest).exclude(order=order)
    _return_unpaid(uses, now=now)
    most = version.most_per_identity
    if most is not None and uses.counted().count() >= most:
        raise PaidOften
    number = (uses.aggregate(last=models.Max("payer_number"))["last"] or 0) + 1
    OfferUse.objects.filter(order=order).update(payer=digest, payer_number=number)


def use(order: Order, *, now: datetime) -> None:
    """This will use up the place of an order that was paid, be it late: a refund does not give it back."""
    OfferUse.objects.filter(order=order, used_at=None).update(used_at=now)


def _return_unpaid(uses: OfferUseQuerySet, *, now: datetime) -> None:
    OfferUse.objects.filter(pk__in=list(_unpaid(uses).values_list("pk", flat=True))).update(returned_at=now)


def _unpaid(uses: OfferUseQuerySet) -> OfferUseQuerySet:
    """What was taken for an order that has ended, and that no provider can still pay."""
    ended = models.Q(order__state__in=[Order.State.DENIED, Order.State.CANCELED, Order.State.EXPIRED])
    still_open = Payment.objects.open().filter(order=models.OuterRef("order"))
    return uses.taken().filter(ended, ~models.Exists(still_open))


def _check_account(version: OfferingVersion, uses: OfferUseQuerySet, *, now: datetime) -> None:
    most, days = version.most_per_account, version.most_per_days
    if most is None:
        return
    if days is None:
        if uses.count() >= most:
            raise BoughtOften(most=most)
    elif uses.filter(taken_at__gt=now - timedelta(days=days)).count() >= most:
        raise BoughtOftenLately(most=most, days=days)


def _check_new(version: OfferingVersion, *, account_id: int) -> None:
    """A gift makes nobody old; what is being bought for the first time elsewhere does."""
    paid = Order.objects.filter(account=account_id, state=Order.State.PAID, price_minor__gt=0)
    firsts = OfferUse.objects.filter(
        account=account_id, order__offering_version__is_for_new=True, order__price_minor__gt=0
    )
    elsewhere = firsts.counted().exclude(offering=version.offering_id).exclude(pk__in=_unpaid(firsts).values("pk"))
    if paid.exists() or (version.price_minor and elsewhere.exists()):
        raise OnlyForNew


def _wait_for(offering_id: int, digest: str) -> None:
    """Two accounts with one phone are looked at one after the other, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [digest, offering_id])
