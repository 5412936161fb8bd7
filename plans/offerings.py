"""The shelf: which offerings there are, and how new terms are published."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import models, transaction

from models_catalog.models import CreditPrice
from plans import meaning
from plans.models import Offering, OfferingVersion
from portal.kit import periods
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits, credits

SHELF = Path(__file__).with_name("shelf.json")


class NotForSale(Refusal):
    """The offering was withdrawn or never published."""

    code = "not_for_sale"
    status = 404
    sentence = gettext_noop("This offering is not sold any more. Choose one from the plans page.")


@dataclass(frozen=True)
class Item:
    """One card of the shelf: the terms in force, and what their credits mean in life."""

    version: OfferingVersion
    meaning: meaning.Meaning | None


@dataclass(frozen=True)
class Shelf:
    """What a page of plans shows."""

    plans: list[Item]
    packs: list[Item]


def shelf(*, audience: str) -> Shelf:
    """This will return the plans and bundles of `audience`, and the packs, which are for everybody."""
    packs = OfferingVersion.objects.current().filter(offering__in=Offering.objects.on_sale().packs())
    return Shelf(
        plans=[_item(version, audience=audience) for version in on_sale(audience=audience)],
        packs=[_item(version, audience=audience) for version in packs.order_by("offering__position", "pk")],
    )


def on_sale(*, audience: str) -> list[OfferingVersion]:
    """This will return the plans and bundles of `audience` that are in force, in the order of the shelf."""
    shelf = Offering.objects.on_sale().for_audience(audience).exclude(kind=Offering.Kind.PACK)
    current = OfferingVersion.objects.current().filter(offering__in=shelf)
    return list(current.order_by("offering__position", "pk"))


def current(slug: str) -> OfferingVersion:
    """This will return the terms in force of one offering; raises `NotForSale`."""
    version = OfferingVersion.objects.current().filter(offering__slug=slug, offering__withdrawn_at=None).first()
    if version is None:
        raise NotForSale
    return version


def ends_at(version: OfferingVersion, *, start: datetime) -> datetime:
    """This will return when credits bought at `start` (in the account's zone) end: months keep the day."""
    if version.valid_months:
        return periods.after_months(start, months=version.valid_months)
    assert version.valid_days is not None
    return start + timedelta(days=version.valid_days)


@transaction.atomic
def publish(offering: Offering, *, terms: dict[str, Any], now: datetime) -> OfferingVersion:
    """This will put new terms in force; those that people bought stay as they are.

    `terms` are the columns of a version: name, name_zh, price_minor, currency, microcredits, …
    """
    Offering.objects.select_for_update().get(pk=offering.pk)
    last = offering.versions.aggregate(last=models.Max("version"))["last"] or 0
    version = OfferingVersion.objects.create(offering=offering, version=last + 1, published_at=now, **terms)
    tell_credit_prices()
    return version


@transaction.atomic
def tell_credit_prices() -> int:
    """This will write down for the catalog what credits cost at each offering on sale, and return how many changed."""
    current = OfferingVersion.objects.current().filter(offering__in=Offering.objects.on_sale())
    due = {version.offering.slug: _credit_price(version) for version in current}
    gone, _ = CreditPrice.objects.exclude(slug__in=due).delete()
    there = {row.slug: row for row in CreditPrice.objects.select_for_update().order_by("slug")}
    changed = {slug: columns for slug, columns in due.items() if slug not in there or not _says(there[slug], columns)}
    for slug, columns in changed.items():
        CreditPrice.objects.update_or_create(slug=slug, defaults=columns)
    return gone + len(changed)


@transaction.atomic
def seed(now: datetime) -> None:
    """This will put the offerings of `shelf.json` on the shelf; those that are there stay as they are."""
    for entry in json.loads(SHELF.read_text(encoding="utf-8")):
        terms = dict(entry["terms"])
        terms["microcredits"] = credits(terms.pop("credits"))
        offering, is_new = Offering.objects.get_or_create(slug=entry["slug"], defaults=entry["offering"])
        if is_new:
            publish(offering, terms=terms, now=now)
    tell_credit_prices()


def _item(version: OfferingVersion, *, audience: str) -> Item:
    return Item(version, meaning.of(Microcredits(version.microcredits), kinds=meaning.KINDS_OF[audience]))


def _credit_price(version: OfferingVersion) -> dict[str, Any]:
    return {
        "audience": version.offering.audience,
        "position": version.offering.position,
        "is_recommended": version.offering.is_recommended,
        "name": version.name,
        "name_zh": version.name_zh,
        "price_minor": version.price_minor,
        "currency": version.currency,
        "microcredits": version.microcredits,
    }


def _says(row: CreditPrice, columns: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in columns.items())
