"""Writes what the pages of models tell in people's words: weekdays, waits, speeds, shares, and what staff noted."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from babel.dates import get_day_names
from django import template
from django.utils.translation import get_language, gettext

from models_catalog import price_cards
from models_catalog.models import CreditPrice
from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE

register = template.Library()

EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
WORKING_DAYS = [1, 2, 3, 4, 5]
PER_CENT = 100
THOUSAND = 1000
WHOLE_FROM = 10


@register.filter
def weekdays(numbers: Sequence[int]) -> str:
    """This will name days of the week (1 is Monday): every day · Monday to Friday · Saturday, Sunday."""
    chosen = sorted(numbers)
    if chosen == EVERY_DAY:
        return gettext("every day")
    if chosen == WORKING_DAYS:
        return gettext("Monday to Friday")
    names = get_day_names(locale=_locale())
    return gettext(", ").join(str(names[number - 1]) for number in chosen)


@register.filter
def seconds(milliseconds: int | None) -> str:
    """This will write a wait in seconds: 0.82 s · 12 s; a dash where none was measured."""
    if milliseconds is None:
        return "–"
    whole = Decimal(milliseconds) / THOUSAND
    return gettext("{seconds} s").format(seconds=_written(whole, 0 if whole >= WHOLE_FROM else 2))


@register.filter
def speed(thousandths: int | None) -> str:
    """This will write thousandths of a token a second as tokens a second: 42.5; a dash where none was measured."""
    return "–" if thousandths is None else _written(Decimal(thousandths) / THOUSAND, 1)


@register.filter
def succeeded(part: int, whole: int) -> str:
    """This will write how many of a hundred succeeded, rounded down: 99.9 % is never told as 100 %."""
    share = Decimal(part) * PER_CENT / Decimal(whole)
    text = _written(share.quantize(Decimal("0.1"), ROUND_DOWN), 1)
    return f"{text}%" if _locale() != "en" else f"{text}\u00a0%"


@register.filter
def per_token(microcredits_per_million_tokens: int) -> str:
    """This will write a rate as credits for one token: 0.3 · 12."""
    return _written(Decimal(microcredits_per_million_tokens) / (MICROCREDITS_PER_CREDIT * TOKENS_PER_PRICE), 6)


@register.filter
def noted(words: str) -> str:
    """This will write what staff noted, in the reader's language where it is one of the catalog's own sentences."""
    return gettext(words) if words else ""


@register.filter
def few(number: Decimal) -> str:
    """This will write a figure with the digits that count: 42 · 4.2 · 0.042."""
    return _written(number, 0 if number >= WHOLE_FROM else max(1 - number.adjusted(), 1))


@register.filter
def in_a_row(sentences: Sequence[str]) -> str:
    """This will put short sentences one after the other."""
    return gettext("; ").join(sentence.rstrip(".。") for sentence in sentences)


@register.filter
def offering_name(offering: CreditPrice) -> str:
    """This will write what an offering is called in the reader's language."""
    return price_cards.name_of(offering)


def _written(number: Decimal, places: int) -> str:
    """Both languages put commas and points alike; Babel would take longer for a page of such figures."""
    text = f"{number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):,f}"
    return text.rstrip("0").rstrip(".") if places else text


def _locale() -> str:
    return "zh_Hans_CN" if (get_language() or "").startswith("zh") else "en"
