"""What is promised of prices: what is sold gets dearer only after 30 days' notice.

A price is dearer where any class of tokens, at any hour of the week and at any length of a call, costs more than what
counts when it begins. A model's first price is not dearer than none, nor is one after calls were free by accident, and
what no offering on sale is good for may change at once.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from django.db.models import Q

from models_catalog import tariffs
from models_catalog.models import ChatModel, CreditPrice, Price
from models_catalog.price_terms import Terms
from models_catalog.pricing import Rates, Tariff
from models_catalog.timetables import Entry, Step
from portal.kit.refusals import Refusal, gettext_noop

NOTICE = timedelta(days=30)
DAYS = 7
MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - hours of a week, by whichever clock
NEW = 0


class DearerTooSoon(Refusal):
    """Calls of a model that is sold would cost more before everybody could know."""

    code = "dearer_without_notice"
    status = 409
    sentence = gettext_noop(
        "{model} is sold, and this costs more than what counts then. It can begin {days} days from now at the "
        "earliest: that is promised on the page of prices."
    )


def check(chat_model: ChatModel, rates: Rates, terms: Terms, *, active_from: datetime, now: datetime) -> None:
    """This will refuse a rise without notice; raises `DearerTooSoon`."""
    if begins_at(chat_model, rates, terms, active_from=active_from, now=now) > active_from:
        raise DearerTooSoon(model=chat_model.name, days=NOTICE.days)


def begins_at(chat_model: ChatModel, rates: Rates, terms: Terms, *, active_from: datetime, now: datetime) -> datetime:
    """This will return when a price may begin that is wanted from `active_from` on: then, or once it was told of."""
    earliest = now + NOTICE
    if active_from >= earliest or not is_sold(chat_model):
        return active_from
    before = _step_at(chat_model, active_from)
    if before is None or all(entry.tariff.rates == Rates() for entry in before.entries()):
        return active_from
    after = _step_of(rates, terms, at=active_from)
    return earliest if _is_dearer(before, after) else active_from


def is_sold(chat_model: ChatModel) -> bool:
    """This will tell whether people see the model, and something on sale is good for it."""
    if chat_model.published_at is None:
        return False
    sets = CreditPrice.objects.values_list("model_patterns", flat=True)
    return any(_has(patterns, chat_model.slug) for patterns in sets)


def _has(patterns: list[str], slug: str) -> bool:
    return not patterns or any(fnmatchcase(slug, each) for each in patterns)


def _step_at(chat_model: ChatModel, moment: datetime) -> Step | None:
    base = Price.objects.in_force(now=moment).filter(chat_model=chat_model).first()
    if base is None:
        return None
    rows = list(Price.objects.filter(Q(pk=base.pk) | Q(base=base)).order_by("pk"))
    known = tariffs.tariffs_of(rows)
    windows = tuple((tariffs.hours_of(row), Entry(row.pk, known[row.pk])) for row in rows if row.pk != base.pk)
    return Step(base.active_from, Entry(base.pk, known[base.pk]), windows)


def _step_of(rates: Rates, terms: Terms, *, at: datetime) -> Step:
    windows = tuple((each.hours, Entry(NEW, _in_order(each.tariff))) for each in terms.windows)
    return Step(at, Entry(NEW, _in_order(Tariff(rates, terms.tiers))), windows)


def _in_order(tariff: Tariff) -> Tariff:
    return Tariff(tariff.rates, tuple(sorted(tariff.tiers, key=lambda tier: tier.from_input_tokens)))


def _is_dearer(before: Step, after: Step) -> bool:
    return any(
        asdict(new.rates_of(tokens))[name] > rate
        for moment in _moments(before, after)
        for old, new in [(before.at(moment).tariff, after.at(moment).tariff)]
        for tokens in _lengths(old, new)
        for name, rate in asdict(old.rates_of(tokens)).items()
    )


def _moments(*steps: Step) -> Iterator[datetime]:
    """A moment in each stretch of the week in which the same rows count, whatever they are."""
    edges = {edge for step in steps for hours, _entry in step.windows for edge in (hours.starts_at, hours.ends_at)}
    times = {MONDAY.time(), *edges}
    yield from (datetime.combine(MONDAY + timedelta(days=day), at) for day in range(DAYS) for at in times)


def _lengths(*each: Tariff) -> set[int]:
    return {0, *(tier.from_input_tokens for tariff in each for tier in tariff.tiers)}
