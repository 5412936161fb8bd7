"""What would have cost less: the advisor's answer for the days of one bill."""

from dataclasses import dataclass

from plans.models import OfferingVersion
from usage import advisor
from usage.statements.bills import Bill


@dataclass(frozen=True)
class Advice:
    """The cheapest way to have what the month used: a plan or none, with packs, in minor units of `currency`.

    `paid_minor` is what was paid within the month; `offering` is empty when nothing on sale would do.
    """

    offering: OfferingVersion | None
    packs: int
    cost_minor: int
    paid_minor: int
    currency: str

    @property
    def saves_minor(self) -> int:
        """What it would have saved; 0 when it would not."""
        return max(0, self.paid_minor - self.cost_minor) if self.offering else 0


def cheaper(bill: Bill, *, currency: str) -> Advice:
    """This will return the offering that would have covered the month for the least money, with no day missed.

    The month is replayed day by day, at the prices of its end; a plan begins on its first day.
    """
    paid = bill.paid.get(currency, 0)
    first, end = bill.month, bill.period.active_to.date()
    way = advisor.cheapest_for(bill.account, first=first, end=end, currency=currency, now=bill.period.active_to)
    if way is None:
        return Advice(None, 0, 0, paid, currency)
    return Advice(way.version, way.replay.packs, way.cost_minor, paid, currency)
