"""What the catalog is told of the shelf: what credits cost at each offering, and for which models they are good."""

from typing import Any

from django.db import transaction

from models_catalog.models import CreditPrice
from plans.models import Offering, OfferingVersion


@transaction.atomic
def tell_credit_prices() -> int:
    """This will write down for the catalog what credits cost at each offering on sale, and return how many changed.

    What is given away has no price of credits, and what newcomers are offered once is not what models are priced by.
    """
    usual = OfferingVersion.objects.current().filter(price_minor__gt=0, is_for_new=False)
    current = usual.filter(offering__in=Offering.objects.on_sale()).order_by("offering")
    due = {version.offering.slug: _credit_price(version) for version in current}
    gone, _ = CreditPrice.objects.exclude(slug__in=due).delete()
    there = {row.slug: row for row in CreditPrice.objects.select_for_update().order_by("slug")}
    changed = {slug: columns for slug, columns in due.items() if slug not in there or not _says(there[slug], columns)}
    for slug, columns in changed.items():
        CreditPrice.objects.update_or_create(slug=slug, defaults=columns)
    return gone + len(changed)


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
        "model_patterns": version.model_patterns,
    }


def _says(row: CreditPrice, columns: dict[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in columns.items())
