"""What a price would change before it is published: the rates, an example, the margins, and where it is named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from models_catalog import margins, price_terms, pricing, tariffs
from models_catalog.burns import in_credits
from models_catalog.models import Alias, ChatModel, CreditPrice, Price
from models_catalog.models.price import RATE_NAMES
from models_catalog.price_terms import Terms
from models_catalog.pricing import EXAMPLE, Rates, Tariff, Usage
from portal.kit.units import Microcredits

LONG_EXAMPLE = Usage(in_fresh=100_000, out_text=1_000)
"""A question of a page with its answer; a long document with a short one."""


@dataclass(frozen=True)
class Change:
    """A class whose rate changes, in credits a token (or a call) as text; `percent` is empty where it was nothing."""

    label: str
    before: str
    after: str
    percent: Decimal | None


@dataclass(frozen=True)
class Example:
    """What so many tokens in and out cost before and after; nothing before the first price."""

    used: Usage
    before: Microcredits | None
    after: Microcredits


@dataclass(frozen=True)
class Margin:
    """What an offering earns too little with; no losses where it earns enough."""

    offering: CreditPrice
    losses: Sequence[margins.Loss]


@dataclass(frozen=True)
class Preview:
    """All that staff looks at before a price is published."""

    changes: Sequence[Change]
    examples: Sequence[Example]
    aliases: Sequence[Alias]
    margins: Sequence[Margin]
    is_cost_known: bool
    announced: Sequence[Price]
    """Prices that have been announced for later, and will take this one's place."""


def preview(chat_model: ChatModel, *, rates: Rates, terms: Terms, active_from: datetime) -> Preview:
    """This will tell what the price would change, held against what counts at its beginning."""
    before = Price.objects.in_force(now=active_from).filter(chat_model=chat_model).first()
    old = None if before is None else tariffs.tariff_of(before.pk)
    costs = margins.costs_of(chat_model, at=active_from)
    rows = list(price_terms.rows(rates, terms))
    sold = ((offering, margins.sold_for(offering, at=active_from)) for offering in CreditPrice.objects.all())
    later = Price.objects.filter(chat_model=chat_model, base=None, active_from__gt=active_from)
    return Preview(
        changes=_changes(old.rates if old else Rates(), rates),
        examples=[_example(used, old, Tariff(rates, terms.tiers)) for used in (EXAMPLE, LONG_EXAMPLE)],
        aliases=list(Alias.objects.filter(chat_model=chat_model)),
        margins=[
            Margin(offering, margins.losses(rows, costs=costs, credit=credit)) for offering, credit in sold if credit
        ],
        is_cost_known=bool(costs),
        announced=list(later.order_by("active_from")),
    )


def _changes(before: Rates, after: Rates) -> list[Change]:
    labels = {field.name: str(field.verbose_name) for field in Price._meta.fields}
    return [
        Change(labels[name], in_credits(name, old), in_credits(name, new), _percent(old, new))
        for name in RATE_NAMES
        if (old := int(getattr(before, name))) != (new := int(getattr(after, name)))
    ]


def _percent(old: int, new: int) -> Decimal | None:
    if not old:
        return None
    change = Fraction(new - old, old) * 100
    return round(Decimal(change.numerator) / change.denominator, 1)


def _example(used: Usage, old: Tariff | None, new: Tariff) -> Example:
    return Example(used, None if old is None else pricing.cost(used, old), pricing.cost(used, new))
