"""What a model costs us beside what its calls earn: class by class, in the portal's own currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from babel.numbers import get_currency_precision
from django.conf import settings

from models_catalog import tariffs
from models_catalog.models import ChatModel, CreditPrice, Price, Route, VendorPrice
from models_catalog.price_terms import Row, usual_of
from models_catalog.pricing import USAGE_CLASSES
from portal.kit.refusals import Refusal, gettext_noop

MILLIONTHS = 10**6
SHOWN_PLACES = 4


class BelowCost(Refusal):
    """Calls would earn less than they cost us; `losses` says where."""

    code = "price_below_cost"
    status = 409
    sentence = gettext_noop(
        "This is below what the model costs us: {lines}. Raise the price, or say why the loss is accepted."
    )

    def __init__(self, losses: "Iterable[Loss]") -> None:
        self.losses = tuple(losses)
        super().__init__(lines="; ".join(str(loss) for loss in self.losses))


@dataclass(frozen=True)
class Loss:
    """A class that costs more than it earns: both in units of `currency` per million tokens, or a call."""

    row: Row
    name: str
    earned: Fraction
    cost: Fraction
    currency: str

    def __str__(self) -> str:
        label = next(field.verbose_name for field in Price._meta.fields if field.name == self.name)
        return f"{label} {_written(self.earned)} < {_written(self.cost)} {self.currency}"


Costs = dict[str, Fraction]


def costs_of(chat_model: ChatModel, *, at: datetime) -> Costs:
    """This will return what each class costs us at most `at` a moment, in our currency per million tokens (or a call).

    Counted are the upstreams of the open routes, by what they charge us, else by the vendor's public list; the dearest
    counts, since calls may take any. Without an open route it is the list. A class that is not priced costs what
    input or output does; what nobody has noted is left out.
    """
    rows = _noted(chat_model, at=at)
    routes = Route.objects.open().filter(chat_model=chat_model)
    upstreams: set[int | None] = set(routes.values_list("upstream_id", flat=True)) or {None}
    found: Costs = {}
    for row in filter(None, (rows.get(upstream, rows.get(None)) for upstream in upstreams)):
        for name, cost in rates_of(row).items():
            found[name] = max(cost, found.get(name, cost))
    return found


def rates_of(note: VendorPrice) -> Costs:
    """This will return what a note says of each class, in our currency per million tokens, and of a call.

    A class that is not priced costs what input or output does; what nobody has noted is left out.
    """
    rate = Fraction(note.exchange_rate) / MILLIONTHS
    priced = {name: getattr(note, name) for name in USAGE_CLASSES}
    found = {name: priced[usual_of(name)] if own is None else own for name, own in priced.items()}
    found["per_request"] = note.per_request
    return {name: cost * rate for name, cost in found.items() if cost is not None}


def losses(rows: Iterable[Row], *, costs: Costs, credit: Fraction) -> list[Loss]:
    """This will tell which classes earn less than they cost, if a microcredit is sold for `credit`."""
    return [
        Loss(row, name, earned, costs[name], settings.CURRENCY)
        for row in rows
        for name in (*USAGE_CLASSES, "per_request")
        if name in costs and (earned := getattr(row.rates, name) * credit) < costs[name]
    ]


def sold_for(offering: CreditPrice, *, at: datetime) -> Fraction | None:
    """This will return what a microcredit earns at an offering, in the portal's currency; None where none can tell.

    An offering in another currency is worth what the newest note of a vendor's price in it says (`exchange_rate`).
    What is given away earns nothing by intent, and is not compared.
    """
    if not offering.price_minor:
        return None
    worth = Fraction(1)
    if offering.currency != settings.CURRENCY:
        notes = VendorPrice.objects.filter(currency=offering.currency, active_from__lte=at)
        newest = notes.order_by("-active_from", "-pk").first()
        if newest is None:
            return None
        worth = Fraction(newest.exchange_rate)
    minor = 10 ** get_currency_precision(offering.currency)
    return Fraction(offering.price_minor, minor * offering.microcredits) * worth


def cheapest(*, at: datetime) -> Fraction | None:
    """This will return the least that a microcredit earns at what is on sale, in the portal's currency."""
    prices = (sold_for(offering, at=at) for offering in CreditPrice.objects.all())
    return min((price for price in prices if price is not None), default=None)


def check(chat_model: ChatModel, rows: Iterable[Row], *, at: datetime) -> None:
    """This will refuse rates below what the model costs `at` their beginning, as far as it is noted by now.

    The cheapest credit on sale counts; where neither is known it says nothing. Raises `BelowCost`.
    """
    credit = cheapest(at=at)
    found = [] if credit is None else losses(rows, costs=costs_of(chat_model, at=at), credit=credit)
    if found:
        raise BelowCost(found)


def check_in_force(chat_model: ChatModel, *, now: datetime) -> None:
    """This will refuse a price in force that is below cost, as `check` does one to come. Raises `BelowCost`."""
    price = Price.objects.in_force(now=now).filter(chat_model=chat_model).first()
    if price is None:
        return
    windows = tariffs.windows_of([price.pk])[price.pk]
    known = tariffs.tariffs_of([price, *windows])
    rows = []
    for hours, row in [(None, price), *((tariffs.hours_of(window), window) for window in windows)]:
        rows.append(Row(row.rates, hours))
        rows += [Row(tier.rates, hours, tier.from_input_tokens) for tier in known[row.pk].tiers]
    check(chat_model, rows, at=now)


def _noted(chat_model: ChatModel, *, at: datetime) -> dict[int | None, VendorPrice]:
    """The newest note of each upstream, and of the list."""
    notes = VendorPrice.objects.filter(chat_model=chat_model, active_from__lte=at)
    return {note.upstream_id: note for note in notes.order_by("active_from", "pk")}


def _written(amount: Fraction) -> str:
    return f"{round(Decimal(amount.numerator) / amount.denominator, SHOWN_PLACES).normalize():f}"
