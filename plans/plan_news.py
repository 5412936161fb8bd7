"""What the owners and bill payers of an account are told about its plan."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from accounts import notifications
from accounts.models import Member
from plans import consents, subscriptions
from plans.models import OfferingVersion, Order, Subscription
from portal.kit.refusals import gettext_noop
from portal.kit.units import Money

_CHARGED = gettext_noop(
    "{plan} renews on {day}: {price} is charged to {method} on {charged_on}. To stop it, cancel the plan before then"
    " under Billing, Your plan."
)
_ASKED = gettext_noop(
    "{plan} is paid until {day}. Its next period costs {price}; nothing is charged by itself. On {charged_on} you get"
    " an order to pay."
)
_WAITS = gettext_noop("The next period of {plan} waits for you to pay {price}, until {until}.")
_DECLINED = gettext_noop(
    "{price} for {plan} could not be charged. Pay another way until {until}; we try again once a day until then."
)
_LAPSED = gettext_noop("{plan} has ended: its next period was not paid. Nothing was charged for it.")
_ENDED = gettext_noop("{plan} has ended on {day}. Nothing more is charged. Choose a plan to go on.")
_PAUSED = gettext_noop("{plan} is paused since {day}. Unless you take it up again it ends on {until}.")
_FORGOTTEN = gettext_noop("{plan} was paused for long and has ended. Nothing was charged.")
_ENDINGS = {"lapsed": _LAPSED, "paused_too_long": _FORGOTTEN}


def remind(subscription: Subscription, *, charged_at: datetime, now: datetime) -> None:
    """This will announce the next charge and keep the words, unless that was done."""
    following = subscription.period_number + 1
    unknown = Subscription.objects.filter(pk=subscription.pk, reminded_period__lt=following)
    if not unknown.filter(period_number=following - 1).update(reminded_period=F("period_number") + 1):
        return
    version = subscription.next_version or subscription.offering_version
    amount = Money(subscriptions.due_next(subscription, now=charged_at).price_minor, version.currency)
    sentence = _CHARGED if subscription.method else _ASKED
    details = {
        "day": _day(subscription, subscription.period_ends_at),
        "charged_on": _day(subscription, charged_at),
        "price": consents.price(amount),
        "method": subscription.method.label if subscription.method else "",
    }
    news = _news(subscription, version, path=reverse("plans:plan"), details=details)
    language = _language(news[0].member)
    text = consents.reminder_text(sentence, news[0].details, amount=amount, language=language)
    consents.note_reminder(text, subscription=subscription, now=now)
    notifications.tell_each(news, kind="plan_reminder", sentence=sentence, now=now)


def tell_waiting(subscription: Subscription, order: Order, *, now: datetime) -> None:
    """This will say that the next period is there to be paid, by whoever pays each one by hand."""
    _tell_of(order, subscription, kind="plan_order", sentence=_WAITS, now=now)


def tell_declined(subscription: Subscription, order: Order, *, now: datetime) -> None:
    """This will say that the stored way to pay said no, and what to do."""
    _tell_of(order, subscription, kind="plan_declined", sentence=_DECLINED, now=now)


def tell_ended(subscription: Subscription, *, reason: str, now: datetime) -> None:
    """This will say that the plan is over, and why."""
    sentence = _ENDINGS.get(reason, _ENDED)
    day = _day(subscription, min(now, subscription.period_ends_at))
    _tell(subscription, kind="plan_ended", sentence=sentence, path=reverse("plans:plans"), now=now, day=day)


def tell_paused(subscription: Subscription, *, until: datetime, now: datetime) -> None:
    """This will say that the plan rests now, and until when it can be taken up."""
    days = {"day": _day(subscription, subscription.period_ends_at), "until": _day(subscription, until)}
    _tell(subscription, kind="plan_paused", sentence=_PAUSED, path=reverse("plans:plan"), now=now, **days)


def _tell_of(order: Order, subscription: Subscription, *, kind: str, sentence: str, now: datetime) -> None:
    path = reverse("plans:order", args=[order.pk])
    price = consents.price(Money(order.price_minor, order.currency))
    until = _day(subscription, order.expires_at)
    _tell(subscription, kind=kind, sentence=sentence, path=path, now=now, price=price, until=until)


def _tell(subscription: Subscription, *, kind: str, sentence: str, path: str, now: datetime, **details: object) -> None:
    news = _news(subscription, subscription.offering_version, path=path, details=details)
    notifications.tell_each(news, kind=kind, sentence=sentence, now=now)


def _news(
    subscription: Subscription, version: OfferingVersion, *, path: str, details: Mapping[str, object]
) -> list[notifications.News]:
    """Each is told the plan's name in their own language."""
    told = subscriptions.leaders(subscription)
    return [notifications.News(member, path, {**details, "plan": _name(version, member)}) for member in told]


def _name(version: OfferingVersion, member: Member) -> str:
    with translation.override(_language(member)):
        return version.label


def _language(member: Member) -> str:
    return member.user.language or settings.LANGUAGE_CODE


def _day(subscription: Subscription, moment: datetime) -> str:
    return subscription.account.local_day(moment).isoformat()
