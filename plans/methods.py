"""Stored ways to pay: remembered sealed, confirmed once, removed for good, bounded by a monthly ceiling."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.crypto import salted_hmac

from accounts import audit, members
from accounts.models import Account, Member, User
from plans.models import Payment, PaymentMethod, Subscription
from plans.models.payment import OPEN
from portal.kit import fields
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Money

MOST_METHODS = 20


@dataclass(frozen=True)
class Spending:
    """What a stored way to pay was asked for in this calendar month of the account, and the most it may be."""

    method: PaymentMethod
    used: Money
    ceiling: Money | None

    @property
    def left_minor(self) -> int | None:
        """What it may still be asked for this month, in minor units."""
        return max(0, self.ceiling.minor - self.used.minor) if self.ceiling else None


class OverCeiling(Refusal):
    """The payment would pass the owner's monthly ceiling of this line."""

    code = "over_ceiling"
    status = 409
    sentence = gettext_noop(
        "This line may be charged {ceiling} a month, of which {used} are used. Nothing was charged: pay another way, "
        "choose something smaller, or ask the owner of your account for a higher ceiling under Billing."
    )


class NoSuchMethod(Refusal):
    """The way to pay is not one of the account's, or was removed."""

    code = "no_such_method"
    status = 404
    sentence = gettext_noop("This way to pay is not stored any more. Choose another one.")


class MethodInUse(Refusal):
    """A standing plan renews by this way to pay."""

    code = "method_in_use"
    status = 409
    sentence = gettext_noop("Your plan renews by this line. Choose another one for the plan first, or let it end.")


class CeilingOfOwner(Refusal):
    """Only the owner decides on a line with a ceiling, and on the ceiling."""

    code = "ceiling_of_owner"
    status = 403
    sentence = gettext_noop("Only the owner of the account sets ceilings and removes lines that have one. Ask them.")


class TooManyMethods(Refusal):
    """The account stores more ways to pay than anyone needs."""

    code = "too_many_methods"
    status = 409
    sentence = gettext_noop("Your account has many lines stored. Remove one under Billing first.")


def digest_of(phone: str) -> str:
    """This will tell one number (E.164) from another after the number itself is gone."""
    return salted_hmac("plans.payments", phone, algorithm="sha256").hexdigest()


def remember(account: Account, *, provider: str, phone: str, by: Member, now: datetime) -> PaymentMethod:
    """This will store a phone (E.164) as a way to pay of the account, or return the one that is there.

    Raises `TooManyMethods`.
    """
    digest = digest_of(phone)
    known = PaymentMethod.objects.of_account(account.pk).filter(provider=provider, digest=digest).first()
    if known:
        return known
    if PaymentMethod.objects.of_account(account.pk).count() >= MOST_METHODS:
        raise TooManyMethods
    method = PaymentMethod(
        account=account,
        provider=provider,
        label=f"•••• {phone[-4:]}",
        digest=digest,
        currency=settings.CURRENCY,
        added_by=by,
        added_at=now,
    )
    method.sealed = fields.seal(phone.encode(), key=settings.FIELD_KEYS[0], place=_place(method))
    PaymentMethod.objects.bulk_create([method], ignore_conflicts=True)
    return PaymentMethod.objects.of_account(account.pk).get(provider=provider, digest=digest)


def get(method_id: int, *, account_id: int) -> PaymentMethod:
    """This will return a stored way to pay of the account; raises `NoSuchMethod`."""
    method = PaymentMethod.objects.of_account(account_id).select_related("account").filter(pk=method_id).first()
    if method is None:
        raise NoSuchMethod
    return method


def spending(account_id: int, *, now: datetime) -> list[Spending]:
    """This will return the account's ways to pay with what each was asked for this month."""
    methods = PaymentMethod.objects.of_account(account_id).select_related("account")[:MOST_METHODS]
    return [_spending(method, now=now) for method in methods]


def phone_of(method: PaymentMethod) -> str:
    """This will return the full number of a stored line; raises `NoSuchMethod` once it was removed."""
    if method.sealed is None:
        raise NoSuchMethod
    return fields.unseal(bytes(method.sealed), keys=settings.FIELD_KEYS, place=_place(method)).decode()


def needs_code(method: PaymentMethod, *, amount_minor: int) -> bool:
    """This will tell whether the payer has to type a code: for a new line, a child's, or a large amount."""
    if method.confirmed_at is None or amount_minor > settings.PHONE_BILL_ALONE_MINOR:
        return True
    phone = phone_of(method)
    return User.objects.filter(phone=phone, guarded_at__isnull=False).exists()


def check_ceiling(method: PaymentMethod, *, amount: Money, now: datetime) -> None:
    """This will refuse what would pass the ceiling; the caller holds the account's row. Raises `OverCeiling`."""
    spent = _spending(method, now=now)
    if spent.ceiling and spent.used.minor + amount.minor > spent.ceiling.minor:
        raise OverCeiling(ceiling=spent.ceiling, used=spent.used)


def confirm(method_id: int, *, now: datetime) -> None:
    """This will note that whoever holds the line has shown so, by a payment that succeeded."""
    PaymentMethod.objects.filter(pk=method_id, confirmed_at=None).update(confirmed_at=now)


@transaction.atomic
def set_ceiling(method: PaymentMethod, *, minor: int | None, by: Member, now: datetime) -> None:
    """This will bound what the line may be asked for in a calendar month, in minor units; None takes the bound away.

    Raises `CeilingOfOwner`.
    """
    _check_owner(by)
    PaymentMethod.objects.filter(pk=method.pk, removed_at=None).update(monthly_ceiling_minor=minor)
    audit.record(
        "method.ceiling", subject=method.label, account=method.account, by=by.user, now=now, ceiling_minor=minor
    )


@transaction.atomic
def remove(method: PaymentMethod, *, by: Member, now: datetime) -> None:
    """This will forget a way to pay for good. Raises `CeilingOfOwner`, `MethodInUse`."""
    kept = PaymentMethod.objects.select_for_update(of=("self",)).filter(pk=method.pk, removed_at=None).first()
    if kept is None:
        return
    if kept.monthly_ceiling_minor is not None:
        _check_owner(by)
    if Subscription.objects.live().filter(method=method).exists():
        raise MethodInUse
    PaymentMethod.objects.filter(pk=method.pk).update(removed_at=now, sealed=None)
    audit.record("method.remove", subject=method.label, account=method.account, by=by.user, now=now)


def _check_owner(by: Member) -> None:
    try:
        members.check_owner(by)
    except Refusal as refusal:
        raise CeilingOfOwner from refusal


def _spending(method: PaymentMethod, *, now: datetime) -> Spending:
    local = now.astimezone(ZoneInfo(method.account.time_zone))
    since = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    counted = Payment.objects.filter(Q(state="succeeded") | Q(state__in=OPEN))
    mine = counted.filter(order__account=method.account_id, phone_digest=method.digest, created_at__gte=since)
    used = mine.aggregate(sum=Sum("amount_minor"))["sum"] or 0
    ceiling = method.monthly_ceiling_minor
    return Spending(method, Money(used, method.currency), None if ceiling is None else Money(ceiling, method.currency))


def _place(method: PaymentMethod) -> str:
    return f"payment method:{method.account_id}:{method.digest}"
