"""Publishing terms: what may not be sold is refused with a reason, and nothing that runs gets dearer overnight."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction

from plans.models import Offering, OfferingItem, OfferingVersion, Order, Subscription
from plans.offerings import sets
from plans.offerings.credit_prices import tell_credit_prices
from plans.offerings.refusals import (
    BeginsInThePast,
    DearerTooSoon,
    FreeWithoutEnd,
    NameTaken,
    NoModels,
    NotAPack,
    NotTokens,
    OneLanguage,
    TooLargeShares,
)

NOTICE = timedelta(days=30)
"""Nothing that people have subscribed to gets dearer sooner than so long after it was published."""
WHOLE = 10_000
ADDRESSES = frozenset({"business", "compare", "fit", "models"})
"""What stands where the page of an offering of this name would."""
_DAYS_A_MONTH = 30
_TOKENS = re.compile(r"\btokens?\b|词元", re.IGNORECASE)
_TEXTS = (("name", "name_zh"), ("summary", "summary_zh"), ("terms", "terms_zh"))
Terms = dict[str, Any]


@dataclass(frozen=True)
class Affected:
    """Whom new terms touch: standing plans on the offering, orders that wait for money, plans that buy it by itself.

    `before` are the terms in force; `is_dearer` says that the new ones cost more or hold less.
    """

    before: OfferingVersion | None
    is_dearer: bool
    subscriptions: int
    orders: int
    bought_by: tuple[str, ...]


@transaction.atomic
def publish(
    offering: Offering,
    *,
    terms: Terms,
    now: datetime,
    items: Sequence[OfferingItem] = (),
    active_from: datetime | None = None,
) -> OfferingVersion:
    """This will publish new terms, in force from `active_from` on (else at once); what people bought stays as it is.

    `terms` are the columns of a version: name, name_zh, price_minor, currency, microcredits, …; `items` are unsaved.
    A newer version counts instead of an older one that was announced for later. Raises what `check` raises.
    """
    version = write(offering, terms=terms, now=now, items=items, active_from=active_from)
    tell_credit_prices()
    return version


@transaction.atomic
def write(
    offering: Offering, *, terms: Terms, now: datetime, items: Sequence[OfferingItem], active_from: datetime | None
) -> OfferingVersion:
    """This will do the same without telling the catalog, which whoever writes many does once."""
    Offering.objects.select_for_update().get(pk=offering.pk)
    begins = active_from or now
    check(OfferingVersion(offering=offering, **terms), items=items, active_from=begins, now=now)
    last = offering.versions.aggregate(last=models.Max("version"))["last"] or 0
    version = OfferingVersion.objects.create(offering=offering, version=last + 1, **terms)
    for position, item in enumerate(items):
        item.offering_version, item.position = version, position
    OfferingItem.objects.bulk_create(items)
    OfferingVersion.objects.filter(pk=version.pk).update(published_at=now, active_from=begins)
    version.refresh_from_db()
    return version


def check(draft: OfferingVersion, *, items: Sequence[OfferingItem], active_from: datetime, now: datetime) -> None:
    """This will refuse terms that may not be published. Raises the refusals of this room."""
    if draft.offering.slug in ADDRESSES:
        raise NameTaken(slug=draft.offering.slug)
    if active_from < now:
        raise BeginsInThePast
    _check_texts(draft, items)
    if not sets.models_of(draft.model_patterns).exists() and draft.model_patterns:
        raise NoModels(patterns=", ".join(draft.model_patterns))
    if _says_tokens(draft, items) and not sets.may_say_tokens(draft.model_patterns):
        raise NotTokens
    if draft.platform_basis_points + draft.channel_basis_points > WHOLE:
        raise TooLargeShares
    if not draft.price_minor and draft.most_per_account is None:
        raise FreeWithoutEnd
    _check_pack(draft)
    touched = affected_by(draft)
    if touched.is_dearer and touched.subscriptions and active_from < now + NOTICE:
        raise DearerTooSoon(number=touched.subscriptions, days=NOTICE.days)


def affected_by(draft: OfferingVersion) -> Affected:
    """This will tell whom terms that are not published yet would touch."""
    offering = draft.offering
    before = OfferingVersion.objects.current().filter(offering=offering).first()
    held = models.Q(offering_version__offering=offering) | models.Q(next_version__offering=offering)
    waiting = Order.objects.filter(offering_version__offering=offering, state=Order.State.PLACED)
    buyers = OfferingVersion.objects.current().filter(exhaustion_pack=offering.slug)
    return Affected(
        before=before,
        is_dearer=before is not None and is_dearer(before, draft),
        subscriptions=Subscription.objects.live().filter(held).count(),
        orders=waiting.count(),
        bought_by=tuple(buyers.order_by("offering__position").values_list("offering__slug", flat=True)),
    )


def is_dearer(before: OfferingVersion, after: OfferingVersion) -> bool:
    """This will tell whether terms cost more, hold less or last shorter; another currency counts as more."""
    return (
        after.currency != before.currency
        or after.price_minor > before.price_minor
        or after.microcredits < before.microcredits
        or _days(after) < _days(before)
    )


@transaction.atomic
def withdraw(offering: Offering, *, now: datetime) -> bool:
    """This will take an offering off the shelf, and tell whether it stood there; what was bought goes on."""
    changed = Offering.objects.filter(pk=offering.pk, withdrawn_at=None).update(withdrawn_at=now)
    tell_credit_prices()
    return bool(changed)


def _check_texts(draft: OfferingVersion, items: Sequence[OfferingItem]) -> None:
    for english, chinese in _pairs(draft, items):
        if bool(english.strip()) != bool(chinese.strip()):
            raise OneLanguage(text=(english or chinese)[:60])
    if not draft.name.strip():
        raise OneLanguage(text=draft.offering.slug)


def _check_pack(draft: OfferingVersion) -> None:
    if draft.after_exhaustion != OfferingVersion.AfterExhaustion.PACK:
        return
    packs = OfferingVersion.objects.current().filter(offering__in=Offering.objects.on_sale().packs())
    named = packs.filter(offering__slug=draft.exhaustion_pack, currency=draft.currency, price_minor__gt=0)
    if draft.offering.kind == Offering.Kind.PACK or not named.exists():
        raise NotAPack(slug=draft.exhaustion_pack)


def _says_tokens(draft: OfferingVersion, items: Sequence[OfferingItem]) -> bool:
    texts = (text for pair in _pairs(draft, items) for text in pair)
    return draft.unit == OfferingVersion.Unit.TOKENS or any(map(_TOKENS.search, texts))


def _pairs(draft: OfferingVersion, items: Sequence[OfferingItem]) -> Iterator[tuple[str, str]]:
    """Every text that customers read, in both languages."""
    yield from ((getattr(draft, english), getattr(draft, chinese)) for english, chinese in _TEXTS)
    yield from ((feature["en"], feature["zh"]) for feature in draft.features)
    yield from ((item.name, item.name_zh) for item in items)


def _days(version: OfferingVersion) -> int:
    return version.valid_days or (version.valid_months or 0) * _DAYS_A_MONTH
