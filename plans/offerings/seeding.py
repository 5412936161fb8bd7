"""Fills the shelf from the reviewed file: offerings that are not there yet."""

from datetime import datetime
from pathlib import Path

from django.db import transaction

from plans.models import Offering
from plans.offerings import files, sets, shapes
from plans.offerings.credit_prices import tell_credit_prices

SHELF = Path(__file__).parents[1] / "shelf.json"


@transaction.atomic
def seed(now: datetime) -> None:
    """This will put the offerings of `shelf.json` on the shelf; those that are there stay as they are.

    While no model of its set is there an offering is left out, and it says credits while it may not say tokens.
    """
    there = set(Offering.objects.values_list("slug", flat=True))
    for _number, entry in files.packs_first(shapes.read(SHELF)):
        patterns = entry.terms.model_patterns
        if entry.slug in there or (patterns and not sets.models_of(patterns).exists()):
            continue
        says_tokens = entry.terms.unit == "tokens"
        may_say_so = not says_tokens or sets.may_say_tokens(patterns)
        files.put(entry if may_say_so else files.in_credits(entry), now=now)
    tell_credit_prices()
