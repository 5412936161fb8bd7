"""What a buyer sends, who may send it, and how an order is found again."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from django.core.signing import BadSignature, Signer

from accounts.models import Member
from plans import methods, payment_providers, payments
from plans.models import Order
from plans.orders.refusals import MayNotBuy, MayNotRead, NotYours, StaleCheckout
from portal.kit import pages


@dataclass(frozen=True)
class Wish:
    """What a buyer sent: an id that the server made for the page, the terms it showed, and the way to pay.

    The way is a provider with a phone in E.164 where it needs one, or the id of a stored way to pay. `renews` says that
    the buyer agreed to the renewals of a plan; `price_minor` is what the page showed.
    """

    order_id: UUID
    version: int
    phone: str = ""
    provider: str = payment_providers.CARRIER_BILLING
    method_id: int | None = None
    renews: bool = False
    price_minor: int | None = None

    def means(self, *, by: Member) -> payments.Means:
        """This will return how the buyer wants to pay; raises `methods.NoSuchMethod`."""
        if self.method_id is None:
            return payments.Means(self.provider, self.phone)
        method = methods.get(self.method_id, account_id=by.account_id)
        return payments.Means(method.provider, method=method)


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


def _signer(by: Member) -> Signer:
    return Signer(salt=f"plans.orders:{by.pk}")
