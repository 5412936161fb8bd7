"""Writes numbers as people read them: credits, money, shares, burns and moments, in the reader's language."""

from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language, gettext

from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE, Money

SIGNIFICANT_DIGITS = 3
WHOLE_FROM = 100
PER_CENT = 100
SMALLEST_SHARE = Decimal("0.001")
SMALLEST_CREDITS = Decimal("0.01")
PLACES_EXACT = 6
NO_BREAK = "\u00a0"
MINUS = "\u2212"

_STEPS_ENGLISH = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))
_STEPS_ENGLISH_COMPACT = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))
_STEPS_CHINESE = ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"))


def credits(microcredits: int | None) -> str:
    """This will write credits as people say them: 9,999 · 10 million · 1000 万."""
    return _short(_credits(microcredits), _STEPS_CHINESE if _is_chinese() else _STEPS_ENGLISH, NO_BREAK)


def credits_compact(microcredits: int | None) -> str:
    """This will write credits for small places: 25.2M · 2520 万."""
    if _is_chinese():
        return _short(_credits(microcredits), _STEPS_CHINESE, NO_BREAK)
    return _short(_credits(microcredits), _STEPS_ENGLISH_COMPACT, "")


def credits_exact(microcredits: int | None) -> str:
    """This will write credits to the last microcredit: 6,612,040.25."""
    return _grouped(_credits(microcredits), PLACES_EXACT)


def count(number: int | None) -> str:
    """This will write a plain whole number: 1,900."""
    return _grouped(Decimal(number or 0), 0)


def money(amount: int | Money | None, currency: str = "") -> str:
    """This will write minor units of a currency (or a Money): ¥9.90."""
    if isinstance(amount, Money):
        return money(amount.minor, amount.currency)
    currency = currency or settings.CURRENCY
    whole = Decimal(amount or 0).scaleb(-get_currency_precision(currency))
    text = format_currency(whole, currency, locale=_locale())
    return text.replace("CN¥", "¥").replace("-", MINUS)


def money_fine(minor: Decimal | None, currency: str = "") -> str:
    """This will write an amount of minor units that need not be whole, three digits that count: ¥0.0297 · ¥12."""
    if minor is None:
        return "–"
    currency = currency or settings.CURRENCY
    whole = _significant(Decimal(minor).scaleb(-get_currency_precision(currency)))
    text = format_currency(whole, currency, locale=_locale(), currency_digits=False, decimal_quantization=False)
    return text.replace("CN¥", "¥")


def percent(part: int | None, whole: int | None) -> str:
    """This will write `part` as a share of `whole`: 37 % · 4.2 % · 0.003 %; a dash where there is no whole."""
    if not whole:
        return "–"
    share_of_whole = Decimal(part or 0) * PER_CENT / Decimal(whole)
    space = "" if _is_chinese() else NO_BREAK
    if 0 < share_of_whole < SMALLEST_SHARE:
        return gettext("under %(share)s") % {"share": f"{SMALLEST_SHARE}{space}%"}
    return f"{_grouped(share_of_whole, _places_of_share(share_of_whole))}{space}%"


def share(part: int | None, whole: int | None) -> str:
    """This will return `part` of `whole` from 0 to 100 for a picture's attributes, in any language."""
    if not whole:
        return "0"
    bounded = min(max(Decimal(part or 0) / Decimal(whole), Decimal(0)), Decimal(1))
    return f"{bounded * PER_CENT:.2f}".rstrip("0").rstrip(".")


def burn(microcredits_per_million_tokens: int | None) -> str:
    """This will write a price row's rate as credits a token: ×0.3 · ×1 · ×12."""
    per_token = Decimal(microcredits_per_million_tokens or 0) / (MICROCREDITS_PER_CREDIT * TOKENS_PER_PRICE)
    return f"×{_grouped(_significant(per_token), PLACES_EXACT)}"


def when(moment: datetime | None, zone: str = "") -> str:
    """This will write a moment by the clock of the account's zone: Nov 22, 2026, 14:05."""
    if moment is None:
        return "–"
    pattern = "y年M月d日 HH:mm" if _is_chinese() else "d MMM y, HH:mm"
    return format_datetime(_local(moment, zone), pattern, locale=_locale())


def day(moment: date | None, zone: str = "") -> str:
    """This will write the day of a date, or of a moment by the clock of the account's zone: 30 November 2026."""
    if moment is None:
        return "–"
    local = _local(moment, zone).date() if isinstance(moment, datetime) else moment
    return format_date(local, "y年M月d日" if _is_chinese() else "d MMMM y", locale=_locale())


def day_short(moment: date | None, zone: str = "") -> str:
    """This will write a day without its year: 30 Nov."""
    if moment is None:
        return "–"
    local = _local(moment, zone).date() if isinstance(moment, datetime) else moment
    return format_date(local, "M月d日" if _is_chinese() else "d MMM", locale=_locale())


def month(first: date | None) -> str:
    """This will write the month of a day: November 2026."""
    return format_date(first, "y年M月" if _is_chinese() else "LLLL y", locale=_locale()) if first else "–"


def digits(number: int | None, width: int = 6) -> str:
    """This will return the digits of a whole number for an odometer, with zeros in front."""
    return f"{max(int(number or 0), 0):0{width}d}"


def _credits(microcredits: int | None) -> Decimal:
    return Decimal(microcredits or 0) / MICROCREDITS_PER_CREDIT


def _short(amount: Decimal, steps: tuple[tuple[int, str], ...], space: str) -> str:
    """Cut, never rounded up: nobody is told of credits that are not there, and used and left fit the whole."""
    for size, word in steps:
        if abs(amount) >= size:
            least_places = 1 if word == "万" else 0
            scaled = _significant(abs(amount) / size, least_places=least_places, rounding=ROUND_DOWN)
            return f"{MINUS if amount < 0 else ''}{scaled:f}{space}{word}"
    if 0 < abs(amount) < SMALLEST_CREDITS:
        return gettext("under %(credits)s") % {"credits": _grouped(SMALLEST_CREDITS, 2)}
    return _grouped(amount, 0 if abs(amount) >= WHOLE_FROM else 2)


def _significant(amount: Decimal, *, least_places: int = 0, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Three digits that count, but all of the whole part; in 万, where thousands are common, one place more."""
    if not amount:
        return Decimal(0)
    places = max(SIGNIFICANT_DIGITS - 1 - amount.adjusted(), least_places)
    return amount.quantize(Decimal(1).scaleb(-places), rounding).normalize()


def _places_of_share(share_of_whole: Decimal) -> int:
    if share_of_whole >= PER_CENT // 10 or not share_of_whole:
        return 0
    return max(1, -share_of_whole.adjusted())


def _grouped(amount: Decimal, places: int) -> str:
    pattern = "#,##0" + ("." + "#" * places if places else "")
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return format_decimal(rounded, pattern, locale=_locale()).replace("-", MINUS)


def _local(moment: datetime, zone: str) -> datetime:
    return timezone.localtime(moment, ZoneInfo(zone) if zone else None)


def _is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def _locale() -> str:
    return "zh_Hans_CN" if _is_chinese() else "en"
