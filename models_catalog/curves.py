"""How a model did of late, ready to be drawn: the last 24 hours by the hour, the last 30 days by the day."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Q

from models_catalog.models import ChatModel, ModelHealth

HOURS = 24
DAYS = 30
PERMILLE = 1000
FACTORS = (1, 2, 5, 10)

Span = ModelHealth.Span


@dataclass(frozen=True)
class Moment:
    """An hour or a day, and how the model did in it; empty without calls."""

    starts_at: datetime
    health: ModelHealth | None


@dataclass(frozen=True)
class Curve:
    """Lines over the same moments, None where nothing was measured; `top` is the value at the top of the scale."""

    lines: tuple[tuple[int | None, ...], ...]
    top: int


@dataclass(frozen=True)
class Stretch:
    """A span of time as a whole (empty without calls) and moment by moment, with what is drawn of it."""

    whole: ModelHealth | None
    moments: list[Moment]

    @property
    def has_calls(self) -> bool:
        """Whether there is anything to tell."""
        return self.whole is not None or any(moment.health for moment in self.moments)

    @property
    def told(self) -> list[Moment]:
        """The moments with calls, the last one first."""
        return [moment for moment in reversed(self.moments) if moment.health]

    @property
    def first_token(self) -> Curve:
        """Milliseconds to the first token: of the faster half, of 95 in 100."""
        return self._curve("first_token_p50", "first_token_p95")

    @property
    def speed(self) -> Curve:
        """Thousandths of a token a second: that half reach, that 95 in 100 reach."""
        return self._curve("speed_p50", "speed_p95")

    @property
    def success(self) -> Curve:
        """Calls of a thousand that succeeded."""
        values = tuple(_permille(moment.health) for moment in self.moments)
        return Curve(lines=(values,), top=PERMILLE)

    def _curve(self, *names: str) -> Curve:
        lines = tuple(tuple(getattr(moment.health, name, None) for moment in self.moments) for name in names)
        return Curve(lines=lines, top=_round_up(max((v for line in lines for v in line if v is not None), default=0)))


def lately(chat_model: ChatModel, *, now: datetime) -> tuple[Stretch, Stretch]:
    """This will tell how a model did in the last 24 hours and in the last 30 days, in one question."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [hour - timedelta(hours=ago) for ago in reversed(range(HOURS))]
    days = [hour.replace(hour=0) - timedelta(days=ago) for ago in reversed(range(DAYS))]
    wanted = (
        Q(span=Span.HOUR, starts_at__gte=hours[0])
        | Q(span=Span.DAY, starts_at__gte=days[0])
        | Q(span__in=(Span.LAST_DAY, Span.LAST_MONTH))
    )
    rows = list(ModelHealth.objects.filter(wanted, chat_model=chat_model, calls__gt=0).order_by("starts_at"))
    day = Stretch(whole=_newest(rows, Span.LAST_DAY), moments=_moments(rows, Span.HOUR, hours))
    month = Stretch(whole=_newest(rows, Span.LAST_MONTH), moments=_moments(rows, Span.DAY, days))
    return day, month


def _newest(rows: Sequence[ModelHealth], span: str) -> ModelHealth | None:
    return next((row for row in reversed(rows) if row.span == span), None)


def _moments(rows: Iterable[ModelHealth], span: str, starts: Sequence[datetime]) -> list[Moment]:
    found = {row.starts_at: row for row in rows if row.span == span}
    return [Moment(starts_at=start, health=found.get(start)) for start in starts]


def _permille(health: ModelHealth | None) -> int | None:
    return None if health is None else health.succeeded * PERMILLE // health.calls


def _round_up(largest: int) -> int:
    """The next 1, 2 or 5 times a power of ten, so that the top of a scale reads well."""
    power = int("1" + "0" * (len(str(max(largest, 1))) - 1))
    return next(power * factor for factor in FACTORS if power * factor >= largest)
