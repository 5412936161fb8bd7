"""What staff fill in to publish terms."""

from typing import Any

from plans.forms import OfferingVersionForm
from plans.models import Offering


def filled() -> dict[str, Any]:
    """What stands in the blank form, and what staff write into it."""
    blank = OfferingVersionForm()
    usual = {name: blank.get_initial_for_field(field, name) for name, field in blank.fields.items()}
    items = {f"items-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
    return (
        {name: value for name, value in usual.items() if value is not None and value != ""}
        | items
        | {
            "offering": Offering.objects.get(slug="starter").pk,
            "name": "Starter",
            "name_zh": "入门",
            "price": "12.90",
            "currency": "CNY",
            "credits": "10000000",
            "valid_days": "",
            "valid_months": "1",
            "priority": "0",
            "unit": "credits",
            "seats": "1",
            "features_en": "One",
            "features_zh": "一",
            "reason": "new year",
        }
    )
