"""Changing a plan: what it costs and brings is shown to the minor unit before the click, and counts as it was shown."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts import audit
from accounts.models import Member
from plans import consents, offerings, orders, plan_orders, subscriptions
from plans.models import Consent, Offering, OfferingVersion, Order, Subscription
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits, Money


@dataclass(frozen=True)
class Change:
    """What another plan means for an account.

    `at_once` is what is paid now and comes now, until `ends_at`; None where the plan can only begin with the next
    period, at `ends_at`. `whole` is what each period costs and grants from then on. `seal` stands for all of it.
    """

    version: OfferingVersion
    at_once: subscriptions.Due | None
    whole: subscriptions.Due
    ends_at: datetime
    seal: str

    @property
    def price(self) -> Money:
        """What each period costs from the next one on."""
        return Money(self.whole.price_minor, self.version.currency)


class NotChangeable(Refusal):
    """The plan cannot become that one."""

    code = "not_changeable"
    status = 409
    sentence = gettext_noop("Your plan cannot be changed to this one. Choose another one from the list.")


class SamePlan(NotChangeable):
    """The account has this very plan."""

    code = "same_plan"
    sentence = gettext_noop("You have this plan already. How long it is paid stands under Billing, Your plan.")


class NotAtOnce(Refusal):
    """The change can only come with the next period."""

    code = "not_at_once"
    status = 409
    sentence = gettext_noop("This change can only begin with your next period. Nothing was ordered.")


class Resting(Refusal):
    """The plan is not paid at the moment, or ends."""

    code = "plan_rests"
    status = 409
    sentence = gettext_noop("Your plan waits for a payment, rests or ends. Let it go on first, then change it.")


def are_asked(version: OfferingVersion, *, by: Member) -> bool:
    """This will tell whether buying `version` would change the plan that the account has."""
    is_plan = version.offering.kind != Offering.Kind.PACK
    return is_plan and subscriptions.has_paid_one(by.account_id)


def offered(subscription: Subscription, *, now: datetime) -> list[Change]:
    """This will return what the plan can become, in the order of the shelf."""
    shelf = offerings.on_sale(audience=subscription.account.kind)
    return [_change(subscription, version, now=now) for version in shelf if _fits(subscription, version)]


def preview(subscription: Subscription, slug: str, *, now: datetime) -> Change:
    """This will return what it means to change to an offering; raises `offerings.NotForSale` and `NotChangeable`."""
    version = offerings.current(slug)
    if version.pk == (subscription.next_version or subscription.offering_version).pk:
        raise SamePlan
    if version.offering.audience != subscription.account.kind or not _fits(subscription, version):
        raise NotChangeable
    return _change(subscription, version, now=now)


def upgrade(subscription: Subscription, slug: str, *, seal: str, by: Member, now: datetime) -> Order:
    """This will order the difference to a bigger plan for the rest of the period; it counts once that is paid.

    Asked again while it waits, it is the same order. Raises `orders.MayNotBuy`, `orders.TermsChanged`, `Resting`,
    `NotAtOnce`, `subscriptions.PaymentUnderWay`, what `preview` raises and what paying refuses.
    """
    with transaction.atomic():
        plan, change = _sealed(subscription, slug, seal=seal, by=by, now=now)
        if change.at_once is None:
            raise NotAtOnce
        order = plan_orders.place_upgrade(plan, change.version, due=change.at_once, by=by, now=now)
    plan_orders.pay(order, subscription, by=by, now=now)
    return order


@transaction.atomic
def change_next(subscription: Subscription, slug: str, *, seal: str, by: Member, now: datetime) -> None:
    """This will let the next period begin under other terms, for nothing now, and keep what was agreed to.

    Raises `orders.MayNotBuy`, `orders.TermsChanged`, `Resting`, `subscriptions.PaymentUnderWay` and what `preview`
    raises.
    """
    plan, change = _sealed(subscription, slug, seal=seal, by=by, now=now)
    if plan.cancel_asked_at or plan.paused_at:
        raise Resting
    subscriptions.give_up_renewal(plan, now=now)
    text = consents.change_text(plan.account, change.version, begins_at=plan.period_ends_at)
    consents.agree(text, subject=Consent.Subject.CHANGE, by=by, now=now, subscription=plan)
    subscriptions.put(plan, next_version=change.version)
    audit.record("plan.change", subject=str(plan), account=plan.account, by=by.user, now=now, to=str(change.version))


@transaction.atomic
def keep(subscription: Subscription, *, by: Member, now: datetime) -> None:
    """This will take back a change that was to begin with the next period; raises as `change_next` does."""
    orders.check_buyer(by)
    plan = _own(subscription, by=by)
    subscriptions.give_up_renewal(plan, now=now)
    subscriptions.put(plan, next_version=None)
    audit.record("plan.keep", subject=str(plan), account=plan.account, by=by.user, now=now)


def _own(subscription: Subscription, *, by: Member) -> Subscription:
    plan = subscriptions.locked(subscription)
    if plan.account_id != by.account_id:
        raise subscriptions.NoPlan
    return plan


def _sealed(
    subscription: Subscription, slug: str, *, seal: str, by: Member, now: datetime
) -> tuple[Subscription, Change]:
    """What the page showed must be what counts now: terms, money, credits and the period's end."""
    orders.check_buyer(by)
    plan = _own(subscription, by=by)
    if plan.state != Subscription.State.ACTIVE:
        raise Resting
    change = preview(plan, slug, now=now)
    if not constant_time_compare(change.seal, seal):
        raise orders.TermsChanged
    return plan, change


def _fits(subscription: Subscription, version: OfferingVersion) -> bool:
    """What is for newcomers or sold so many times alone is bought, not changed to."""
    is_open = not version.is_for_new and version.most_per_account is None and version.most_per_identity is None
    is_other = version.pk != (subscription.next_version or subscription.offering_version).pk
    is_sold = "web" in version.channels and version.price_minor > 0
    return is_open and is_other and is_sold and version.currency == subscription.offering_version.currency


def _change(subscription: Subscription, version: OfferingVersion, *, now: datetime) -> Change:
    at_once = _difference(subscription, version, now=now)
    whole = subscriptions.Due(version.price_minor, Microcredits(version.microcredits))
    told: list[object] = [subscription.pk, subscription.period_number, subscription.offering_version_id, version.pk]
    told += [whole, at_once, subscription.period_ends_at]
    seal = salted_hmac("plans.changes", repr(told), algorithm="sha256").hexdigest()
    return Change(version, at_once, whole, subscription.period_ends_at, seal)


def _difference(subscription: Subscription, version: OfferingVersion, *, now: datetime) -> subscriptions.Due | None:
    """Only more for more, for a period of the same length that runs."""
    before = subscription.offering_version
    runs = subscription.period_starts_at <= now < subscription.period_ends_at
    if not runs or not subscriptions.is_alike(version, before):
        return None
    was, becomes = (subscriptions.due_now(subscription, each) for each in (before, version))
    price, credits = becomes.price_minor - was.price_minor, becomes.microcredits - was.microcredits
    return subscriptions.Due(price, Microcredits(credits)) if price > 0 and credits > 0 else None
