"""What a bill opens with: what changed, why, and what would be cheaper, each computed from figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext, ngettext

from portal.kit import figures
from usage.statements import bills
from usage.statements.bills import MODEL, PERSON, SCENARIO, Bill, Share
from usage.statements.cheaper import Advice, cheaper

MOVERS = (SCENARIO, PERSON, MODEL)
"""Among these the reason is looked for; at equal weight what it was for says more than who, and who more than how."""
Shares = Mapping[str, Sequence[Share]]


@dataclass(frozen=True)
class _Mover:
    """What one of them used more (or less) than the month before."""

    dimension: str
    name: str
    moved: int


def sentences(bill: Bill) -> list[str]:
    """This will say in up to three sentences what changed against the month before, why, and what would be cheaper."""
    before = bills.used_in(bill.account, month=bill.month - bills.A_DAY)
    said = [_change(bill, before), _why(bill, before), _cheaper(bill)]
    return [sentence for sentence in said if sentence]


def _change(bill: Bill, before: Shares) -> str:
    was = _sum(before)
    moved = bill.reading - was
    told = {"month": figures.month(bill.month - bills.A_DAY)}
    told |= {"credits": figures.credits(abs(moved)), "share": figures.percent(abs(moved), was)}
    if not bill.reading:
        return gettext("Nothing was used yet.") if bill.is_running else gettext("Nothing was used.")
    if not was:
        return gettext("{credits} credits were used; in {month}, none.").format(**told)
    if bill.is_running:
        told["share"] = figures.percent(bill.reading, was)
        return gettext("Up to now {share} of what was used in {month}.").format(**told)
    if not moved:
        return gettext("Exactly as much was used as in {month}.").format(**told)
    if moved > 0:
        return gettext("{share} more was used than in {month}: {credits} credits.").format(**told)
    return gettext("{share} less was used than in {month}: {credits} credits.").format(**told)


def _why(bill: Bill, before: Shares) -> str:
    """The largest that moved the same way as the whole did; while the month runs, the largest."""
    compared = {dimension: [] for dimension in before} if bill.is_running else before
    moved = bill.reading - _sum(compared)
    movers = [each for each in _movers(bill.shares, compared) if each.moved * moved > 0]
    if not movers:
        return ""
    most = max(movers, key=lambda each: abs(each.moved))
    told = {"name": most.name, "credits": figures.credits(abs(most.moved))}
    if not _sum(compared):
        return gettext("Most of it was {name}: {credits} credits.").format(**told)
    if most.moved > 0:
        return gettext("Mostly because of {name}: {credits} credits more.").format(**told)
    return gettext("Mostly because of {name}: {credits} credits less.").format(**told)


def _movers(now: Shares, before: Shares) -> list[_Mover]:
    """Who or what is alone in its dimension explains nothing."""
    found = []
    for dimension in MOVERS:
        is_now = {share.key: share for share in now[dimension] if share.key}
        was = {share.key: share for share in before[dimension] if share.key}
        keys = dict.fromkeys([*is_now, *was])
        if len(keys) < 2 and dimension != SCENARIO:  # noqa: PLR2004 - one alone
            continue
        for key in keys:
            moved = (is_now[key].charged if key in is_now else 0) - (was[key].charged if key in was else 0)
            found.append(_Mover(dimension, (is_now.get(key) or was[key]).name, moved))
    return found


def _cheaper(bill: Bill) -> str:
    if bill.is_running:
        return gettext("What would have been cheaper is told once the month is over.")
    advice = cheaper(bill, currency=settings.CURRENCY)
    if advice.offering is None:
        return ""
    told = {
        "name": advice.offering.label,
        "cost": figures.money(advice.cost_minor, advice.currency),
        "paid": figures.money(advice.paid_minor, advice.currency),
    }
    if advice.saves_minor:
        return _way(advice).format(**told, packs=advice.packs)
    if advice.paid_minor:
        return gettext("Nothing on sale would have cost less than the {paid} that were paid.").format(**told)
    return gettext("Nothing was paid; bought now, as much use would cost {cost} ({name}).").format(**told)


def _way(advice: Advice) -> str:
    assert advice.offering is not None
    if advice.offering.offering.kind == advice.offering.offering.Kind.PACK:
        return ngettext(
            "{packs} × {name} would have been cheaper: {cost} instead of {paid}.",
            "{packs} × {name} would have been cheaper: {cost} instead of {paid}.",
            advice.packs,
        )
    if advice.packs:
        return ngettext(
            "{name} with {packs} pack would have been cheaper: {cost} instead of {paid}.",
            "{name} with {packs} packs would have been cheaper: {cost} instead of {paid}.",
            advice.packs,
        )
    return gettext("{name} would have been cheaper: {cost} instead of {paid}.")


def _sum(shares: Shares) -> int:
    return sum(share.charged for share in shares[PERSON])
