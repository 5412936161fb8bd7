"""What somebody agreed to before money is asked for, and what they were told: kept in the very words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency, get_currency_precision
from django.db.models import QuerySet
from django.utils import translation

from accounts.models import Account, Member
from plans.models import Consent, OfferingVersion, Order, Subscription
from portal.kit.refusals import gettext_noop
from portal.kit.sentences import say
from portal.kit.units import Money

TEXT_VERSION = "2026-11"
"""Goes up when one of the texts below changes its meaning."""

_MONTHLY = gettext_noop(
    "Renew it automatically each month for {price}, paid the way I pay now. I am reminded three days before each charge"
    " and can cancel at any time."
)
_EACH_PERIOD = gettext_noop(
    "Renew it automatically for {price} each time its period ends, paid the way I pay now. I am reminded three days"
    " before each charge and can cancel at any time."
)
_CHANGE = gettext_noop("From {day} on the plan is {plan}, version {version} of its terms, for {price} a period.")


@dataclass(frozen=True)
class Text:
    """The words that stood there, in which language, and the money that they are about."""

    words: str
    language: str
    amount: Money


def price(amount: Money) -> str:
    """This will write an amount as people of either language read it: ¥9.90."""
    whole = Decimal(amount.minor).scaleb(-get_currency_precision(amount.currency))
    return str(format_currency(whole, amount.currency, locale="en")).replace("CN¥", "¥")


def renewal_text(version: OfferingVersion) -> Text:
    """This will return what who ticks the box agrees to, in the reader's language."""
    amount = Money(version.price_minor, version.currency)
    sentence = _MONTHLY if version.valid_months == 1 else _EACH_PERIOD
    return _text(sentence, {"price": price(amount)}, amount)


def change_text(account: Account, version: OfferingVersion, *, begins_at: datetime) -> Text:
    """This will return which terms begin then, in the reader's language."""
    amount = Money(version.price_minor, version.currency)
    day = account.local_day(begins_at).isoformat()
    details = {"day": day, "plan": version.label, "version": version.version, "price": price(amount)}
    return _text(_CHANGE, details, amount)


def reminder_text(sentence: str, details: Mapping[str, object], *, amount: Money, language: str) -> Text:
    """This will return what was told before a charge, in the language in which it was told first."""
    with translation.override(language):
        return Text(say(sentence, details), language, amount)


def agree(
    text: Text,
    *,
    subject: str,
    by: Member,
    now: datetime,
    order: Order | None = None,
    subscription: Subscription | None = None,
) -> Consent:
    """This will keep that `by` agreed to `text` on our pages: with an order, or about a plan that is there."""
    said = _said(text, channel="web", now=now)
    return Consent.objects.create(
        account_id=by.account_id, given_by=by, subject=subject, order=order, subscription=subscription, **said
    )


def agree_with(order: Order, *, by: Member, now: datetime) -> None:
    """This will keep that `by` agreed to the renewals of the plan that `order` buys, once."""
    subject = Consent.Subject.RENEWAL
    if not Consent.objects.filter(order=order, subject=subject).exists():
        agree(renewal_text(order.offering_version), subject=subject, by=by, now=now, order=order)


def note_reminder(text: Text, *, subscription: Subscription, now: datetime) -> Consent:
    """This will keep that a charge was announced to who pays it."""
    said = _said(text, channel="notification", now=now)
    return Consent.objects.create(
        account_id=subscription.account_id, subject=Consent.Subject.REMINDER, subscription=subscription, **said
    )


def listed(account_id: int) -> QuerySet[Consent]:
    """This will return what the account agreed to and was told, the newest first."""
    return Consent.objects.filter(account=account_id).select_related("given_by").order_by("-given_at", "-pk")


def _text(sentence: str, details: Mapping[str, object], amount: Money) -> Text:
    return Text(say(sentence, details), translation.get_language() or "en", amount)


def _said(text: Text, *, channel: str, now: datetime) -> dict[str, Any]:
    return {
        "text": text.words,
        "text_version": TEXT_VERSION,
        "language": text.language,
        "channel": channel,
        "amount_minor": text.amount.minor,
        "currency": text.amount.currency,
        "given_at": now,
    }
