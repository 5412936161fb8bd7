"""What would have cost less: the offerings on sale, held against what a month used."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from accounts.models import Member
from plans.models import Offering, OfferingVersion
from portal.kit.units import divide_up
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
    """This will return the offering that would have covered the month's reading for the least money.

    Plans that last several months count a month's part of their price, rounded up; what they grant beyond the reading
    is worth nothing here, and what they lack is bought in packs of one kind.
    """
    on_sale = OfferingVersion.objects.current().filter(
        offering__in=Offering.objects.on_sale().for_audience(bill.account.kind), currency=currency, model_patterns=[]
    )
    versions = [each for each in on_sale.order_by("offering__position", "pk") if not each.is_for_new]
    packs = [each for each in versions if each.offering.kind == Offering.Kind.PACK and each.price_minor]
    people = Member.objects.active().filter(account=bill.account).count()
    plans = [each for each in versions if each.offering.kind != Offering.Kind.PACK and each.seats >= people]
    paid = bill.paid.get(currency, 0)
    ways = sorted(_ways(plans, packs, needed=bill.reading), key=lambda way: way[0])
    if not ways:
        return Advice(None, 0, 0, paid, currency)
    cost, offering, number = ways[0]
    return Advice(offering, number, cost, paid, currency)


def _ways(
    plans: Iterable[OfferingVersion], packs: list[OfferingVersion], *, needed: int
) -> Iterator[tuple[int, OfferingVersion, int]]:
    """What each way costs, what is bought first, and how many packs."""
    for pack in packs:
        number = max(1, divide_up(needed, pack.microcredits))
        yield number * pack.price_minor, pack, number
    for plan in plans:
        months = plan.valid_months or 1
        price, missing = divide_up(plan.price_minor, months), needed - plan.microcredits // months
        if missing <= 0:
            yield price, plan, 0
        for pack in packs if missing > 0 else []:
            number = divide_up(missing, pack.microcredits)
            yield price + number * pack.price_minor, plan, number
