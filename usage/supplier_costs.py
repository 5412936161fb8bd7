"""What each day's calls cost at the vendors: rated by the prices noted of them, booked once, mended by late evidence.

A call is rated by what the vendor told of it (its attempts keep that), at the price in force when the attempt began:
what its upstream charges us, else the vendor's public list. An answer that the vendor did not count is rated by our own
count. Where a price is missing, or it is not noted who runs the upstream, nothing is guessed: such calls are counted.
"""

import bisect
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import orjson
from babel.numbers import get_currency_precision
from django.conf import settings
from django.db import connection, transaction

from models_catalog import margins
from models_catalog.models import Route, VendorPrice
from models_catalog.pricing import USAGE_CLASSES, Usage
from plans import ledger
from portal.kit.units import TOKENS_PER_PRICE, Money
from usage import metering
from usage.metering import UnreadableUsage
from usage.models import LateEvidence, UnpricedCalls

DAY = timedelta(days=1)
LATE = timedelta(days=2)
"""What was told so recently may not have been booked by the last run."""
MOST_DAYS = 35
"""No day is booked anew that is longer ago: calls that were forgotten must not look as if they had been free."""
ROWS_A_STEP = 2000
PER_REQUEST = "per_request"

_TRIED = """
SELECT c.chat_model_id, coalesce(t.route_id, e.route_id) AS route_id,
  coalesce(t.raw_usage, e.raw_usage)::text AS raw_usage, coalesce(t.started_at, c.opened_at) AS started_at,
  c.state = 'settled' AND c.route_id = t.route_id AS is_serving,
  c.in_fresh, c.cache_read, c.cache_write_5m, c.cache_write_1h, c.in_image, c.in_audio,
  c.out_text, c.out_reasoning, c.out_image, c.out_audio
FROM usage_call c
LEFT JOIN usage_lateevidence e ON e.call_id = c.id
LEFT JOIN LATERAL (
  SELECT a.* FROM usage_attempt a WHERE a.call_id = c.id AND (a.raw_usage IS NOT NULL OR a.accepted_at IS NOT NULL)
) t ON true
WHERE c.ended_at >= %(begin)s AND c.ended_at < %(end)s
  AND c.id >= first_id_of(%(begin)s - interval '2 days') AND c.id < first_id_of(%(end)s + interval '1 day')
  AND (t.id IS NOT NULL OR e.call_id IS NOT NULL)
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DayOfCalls:
    """What a day's calls cost at each vendor, by its slug, and how many calls of each route could not be rated."""

    day: date
    costs: Mapping[str, Money]
    unpriced: Mapping[int, int]


def book_due(now: datetime) -> int:
    """This will book yesterday, and anew the days of which something was told lately; returns how many days."""
    days = sorted(_due(now))
    for day in days:
        book(day)
    return len(days)


@transaction.atomic
def book(day: date) -> DayOfCalls:
    """This will book what the calls that ended on a day (UTC) cost, or by how much it is another amount than before."""
    found = rate(day)
    none = Money(0, settings.CURRENCY)
    for vendor in sorted({*found.costs, *ledger.vendors_of(day)}):
        ledger.book_vendor_day(found.costs.get(vendor, none), vendor=vendor, day=day)
    UnpricedCalls.objects.filter(day=day).delete()
    UnpricedCalls.objects.bulk_create(
        UnpricedCalls(day=day, route_id=route_id, calls=calls) for route_id, calls in found.unpriced.items()
    )
    if found.unpriced:
        logger.warning("%s: no vendor's price is known of %s calls", day, sum(found.unpriced.values()))
    return found


def rate(day: date) -> DayOfCalls:
    """This will tell what the calls that ended on a day (UTC) cost, each vendor's sum rounded once, half to even."""
    notes = _Notes()
    sums: dict[str, Fraction] = defaultdict(Fraction)
    unpriced: Counter[int] = Counter()
    for tried in _tried(day):
        usage = _used(tried, notes)
        if usage is None:
            continue
        vendor, cost = notes.cost(tried, usage)
        if vendor is None or cost is None:
            unpriced[tried["route_id"] or 0] += 1
        else:
            sums[vendor] += cost
    minor = 10 ** get_currency_precision(settings.CURRENCY)
    costs = {vendor: Money(round(cost * minor), settings.CURRENCY) for vendor, cost in sorted(sums.items())}
    return DayOfCalls(day, costs, dict(unpriced))


class _Notes:
    """The routes and vendors' prices that a day needs, each read once."""

    def __init__(self) -> None:
        self._routes = {route.pk: route for route in Route.objects.select_related("upstream__vendor")}
        self._rates: dict[int, margins.Costs] = {}
        self._notes: dict[tuple[int, int | None], list[tuple[datetime, VendorPrice]]] = defaultdict(list)
        for note in VendorPrice.objects.order_by("active_from", "pk"):
            self._notes[note.chat_model_id, note.upstream_id].append((note.active_from, note))

    def dialect_of(self, route_id: int | None) -> str:
        route = self._routes.get(route_id or 0)
        return route.upstream.dialect if route else metering.OPENAI_COMPATIBLE

    def cost(self, tried: dict[str, Any], usage: Usage) -> tuple[str | None, Fraction | None]:
        """Who is owed for an attempt, and how much in units of our currency; None where it is not known."""
        route = self._routes.get(tried["route_id"] or 0)
        if route is None or route.upstream.vendor is None:
            return None, None
        note = self._in_force(tried["chat_model_id"], route.upstream_id, tried["started_at"])
        return route.upstream.vendor.slug, None if note is None else self._rated(note, usage)

    def _in_force(self, chat_model_id: int, upstream_id: int, moment: datetime) -> VendorPrice | None:
        for whose in (upstream_id, None):
            noted = self._notes[chat_model_id, whose]
            place = bisect.bisect_right(noted, moment, key=lambda each: each[0])
            if place:
                return noted[place - 1][1]
        return None

    def _rated(self, note: VendorPrice, usage: Usage) -> Fraction | None:
        if note.pk not in self._rates:
            self._rates[note.pk] = margins.rates_of(note)
        rates = self._rates[note.pk]
        used = {name: tokens for name in USAGE_CLASSES if (tokens := getattr(usage, name))}
        if used.keys() - rates.keys():
            return None
        return sum((tokens * rates[name] for name, tokens in used.items()), Fraction()) / TOKENS_PER_PRICE + rates.get(
            PER_REQUEST, Fraction()
        )


def _used(tried: dict[str, Any], notes: _Notes) -> Usage | None:
    """What the vendor told; else our own count of the answer that was given; None where nothing is known."""
    told = None if tried["raw_usage"] is None else orjson.loads(tried["raw_usage"])
    try:
        return metering.normalize(told, dialect=notes.dialect_of(tried["route_id"]))
    except UnreadableUsage:
        return Usage(**{name: tried[name] for name in USAGE_CLASSES}) if tried["is_serving"] else None


def _tried(day: date) -> Iterator[dict[str, Any]]:
    begin = datetime.combine(day, time(), tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(_TRIED, {"begin": begin, "end": begin + DAY})
        names = [column.name for column in cursor.description or ()]
        while rows := cursor.fetchmany(ROWS_A_STEP):
            yield from (dict(zip(names, row, strict=True)) for row in rows)


def _due(now: datetime) -> set[date]:
    yesterday = now.astimezone(UTC).date() - DAY
    oldest = yesterday - MOST_DAYS * DAY
    days = {yesterday}
    late = LateEvidence.objects.filter(arrived_at__gt=now - LATE).values_list("call_id", flat=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (ended_at AT TIME ZONE 'UTC')::date FROM usage_call WHERE id = ANY (%s)", [list(late)])
        days |= {day for (day,) in cursor.fetchall()}
    noted = VendorPrice.objects.filter(noted_at__gt=now - LATE).order_by("active_from")
    since = noted.values_list("active_from", flat=True).first()
    if since is not None:
        first = max(oldest, since.astimezone(UTC).date())
        days |= {first + number * DAY for number in range((yesterday - first).days + 1)}
    return {day for day in days if oldest <= day <= yesterday}
