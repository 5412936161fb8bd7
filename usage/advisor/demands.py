"""What an account really used, day by day and model by model, at the prices of today."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Min, Sum

from accounts.models import Account
from models_catalog import pricing, tariffs
from models_catalog.models import ChatModel
from models_catalog.pricing import Usage
from models_catalog.timetables import Entry, Timetable
from portal.kit.units import Microcredits, divide_up
from usage.models import DailyTotal

NOON = time(12)


@dataclass(frozen=True)
class Demand:
    """From `first` to before `end`: microcredits by day and model, as charged then and at the prices of today."""

    first: date
    end: date
    needs: Mapping[date, Mapping[str, int]]
    calls: int
    charged: Microcredits
    at_today: Microcredits

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.end - self.first).days

    @property
    def models(self) -> set[str]:
        """The names of the models that were asked."""
        return {slug for needs in self.needs.values() for slug in needs}


@dataclass(frozen=True, slots=True)
class _Total:
    day: date
    chat_model_id: int
    calls: int
    charged: int
    input_tokens: int
    output_tokens: int


def first_day(account: Account) -> date:
    """This will return the day of the account's first call, or of its founding if that is earlier."""
    founded = account.local_day(account.created_at)
    used = DailyTotal.objects.filter(account=account).aggregate(first=Min("day"))["first"]
    return min(founded, used) if used else founded


def of(account: Account, *, first: date, end: date, now: datetime) -> Demand:
    """This will return what the account used from `first` to before `end`.

    What a day was charged is kept where the model costs what it did. Where its price has changed, it is multiplied by
    what the average call of those days costs now, and divided by what it cost then; what was free stays free.
    """
    totals = _totals(account, first=first, end=end)
    zone = ZoneInfo(account.time_zone)
    ids = {total.chat_model_id for total in totals}
    prices = tariffs.timetables(now=datetime.combine(first, NOON, zone), of=ids)
    names = dict(ChatModel.objects.filter(pk__in=ids).values_list("pk", "slug"))
    needs: dict[date, dict[str, int]] = defaultdict(dict)
    for model, price, then in _by_price(totals, prices, zone=zone):
        today = prices[model].at(now, time_zone=None) if price else None
        was, becomes = _average(then, price, today) if price and today and price != today else (1, 1)
        for total in then:
            needs[total.day][names[model]] = divide_up(total.charged * becomes, was)
    return Demand(
        first,
        end,
        needs,
        calls=sum(total.calls for total in totals),
        charged=Microcredits(sum(total.charged for total in totals)),
        at_today=Microcredits(sum(sum(models.values()) for models in needs.values())),
    )


def _totals(account: Account, *, first: date, end: date) -> Sequence[_Total]:
    rows = DailyTotal.objects.filter(account=account, day__gte=first, day__lt=end).values("day", "chat_model_id")
    names = ("calls", "charged_microcredits", "input_tokens", "output_tokens")
    sums = rows.annotate(**{f"all_{name}": Sum(name) for name in names}).order_by("day", "chat_model_id")
    found = sums.values_list("day", "chat_model_id", *(f"all_{name}" for name in names))
    return [_Total(day, model, *(int(figure) for figure in figures)) for day, model, *figures in found]


def _by_price(
    totals: Sequence[_Total], prices: Mapping[int, Timetable], *, zone: ZoneInfo
) -> Iterator[tuple[int, Entry | None, list[_Total]]]:
    """The days of each model that had one price, which is that of noon."""
    groups: dict[tuple[int, Entry | None], list[_Total]] = defaultdict(list)
    noons = {day: datetime.combine(day, NOON, zone) for day in {total.day for total in totals}}
    for total in totals:
        timetable = prices.get(total.chat_model_id, Timetable())
        step = timetable.step_at(noons[total.day])
        groups[total.chat_model_id, step.entry if step else None].append(total)
    for (model, price), group in groups.items():
        yield model, price, group


def _average(then: Sequence[_Total], price: Entry, today: Entry) -> tuple[int, int]:
    """What their average call has cost, and what it costs today, in microcredits."""
    calls = max(1, sum(total.calls for total in then))
    tokens_in, tokens_out = sum(total.input_tokens for total in then), sum(total.output_tokens for total in then)
    average = Usage(in_fresh=tokens_in // calls, out_text=tokens_out // calls)
    was, becomes = pricing.cost(average, price.tariff), pricing.cost(average, today.tariff)
    return (was, becomes) if was else (1, 1)
