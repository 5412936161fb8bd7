"""Writes the terms of an offering in words: how long, what is left over, what follows, how often, what comes back."""

from collections.abc import Mapping
from decimal import Decimal

from django import template
from django.utils.translation import get_language, gettext, ngettext

from plans.models import OfferingVersion
from portal.kit.units import MICROCREDITS_PER_CREDIT

register = template.Library()

HUNDRED = 100
MILLION_CREDITS = 1_000_000 * MICROCREDITS_PER_CREDIT


@register.filter
def shown_amount(version: OfferingVersion) -> int:
    """This will return the amount in millionths of the shown unit, as `credits` writes figures."""
    return version.microcredits * MICROCREDITS_PER_CREDIT // version.unit_microcredits


@register.filter
def a_million(version: OfferingVersion) -> Decimal:
    """This will return what a million of its credits cost, in minor units, not rounded."""
    return Decimal(version.price_minor) * MILLION_CREDITS / version.microcredits


@register.filter
def unit_word(version: OfferingVersion) -> str:
    """This will name the unit that an offering shows."""
    names: Mapping[str, str] = {"credits": gettext("credits"), "tokens": gettext("tokens"), "points": gettext("points")}
    return names[version.unit]


@register.filter
def conversion(version: OfferingVersion) -> str:
    """This will say what one shown unit stands for."""
    if version.unit == OfferingVersion.Unit.POINTS:
        each = version.unit_microcredits // MICROCREDITS_PER_CREDIT
        return ngettext("1 point is {number} credit.", "1 point is {number} credits.", each).format(number=f"{each:,}")
    if version.unit == OfferingVersion.Unit.TOKENS:
        return gettext(
            "A token here is one of the reference model: 1 token is 1 credit. Each model shows how many it takes."
        )
    return gettext("A credit is one input token of the reference model. Each model shows how many it takes.")


@register.filter
def lasting(version: OfferingVersion) -> str:
    """This will say how long the credits last."""
    months, days = version.valid_months, version.valid_days
    if months:
        return ngettext("One month from purchase.", "{number} months from purchase.", months).format(number=months)
    return ngettext("One day from purchase.", "{number} days from purchase.", days or 0).format(number=days)


@register.filter
def left_over(version: OfferingVersion) -> str:
    """This will say what becomes of credits that are left when they end."""
    percent, cycles = version.rollover_percent, version.rollover_cycles
    if not percent or not cycles:
        return gettext("What is not used by then ends.")
    if percent == HUNDRED:
        return ngettext(
            "What is not used rolls over for one more month.",
            "What is not used rolls over for {number} more months.",
            cycles,
        ).format(number=cycles)
    return ngettext(
        "Up to {percent} % of the amount roll over for one more month.",
        "Up to {percent} % of the amount roll over for {number} more months.",
        cycles,
    ).format(percent=percent, number=cycles)


@register.filter
def afterwards(version: OfferingVersion) -> str:
    """This will say what happens once the credits are used up."""
    said: Mapping[str, str] = {
        "stop": gettext("Calls stop. Nothing is charged; a pack lets you go on at once."),
        "slow_lane": gettext("Calls go on in the slow lane: a small model, a few questions an hour, free of charge."),
        "pack": gettext("A pack is bought by itself, if you allowed it; otherwise calls stop."),
    }
    return said[version.after_exhaustion]


@register.filter
def how_often(version: OfferingVersion) -> str:
    """This will say who may buy it how often."""
    most, days = version.most_per_account, version.most_per_days
    said = []
    if version.is_for_new:
        said.append(gettext("For accounts that have not bought anything yet."))
    if most is not None and days is not None:
        said.append(
            ngettext(
                "Once for each account within {days} days.", "{number} times for each account within {days} days.", most
            ).format(number=most, days=days)
        )
    elif most is not None:
        said.append(ngettext("Once for each account.", "{number} times for each account.", most).format(number=most))
    if version.most_per_identity is not None:
        each = version.most_per_identity
        said.append(
            ngettext("Once for each phone or card.", "{number} times for each phone or card.", each).format(number=each)
        )
    return _joined(said) or gettext("As often as you like.")


@register.filter
def coming_back(version: OfferingVersion) -> str:
    """This will say what is refunded when."""
    if not version.price_minor:
        return gettext("A gift costs nothing, so nothing comes back.")
    said = []
    if version.refund_hours:
        said.append(
            ngettext(
                "Untouched, all of it comes back within one hour.",
                "Untouched, all of it comes back within {number} hours.",
                version.refund_hours,
            ).format(number=version.refund_hours)
        )
    if version.refund_days:
        said.append(_within_days(version))
    return _joined(said) or gettext("Write or call us before it ends.")


@register.filter
def cycle_words(version: OfferingVersion) -> str:
    """This will say from when to when a month of the plan runs."""
    if version.cycle == OfferingVersion.Cycle.CALENDAR:
        if version.prorates_first:
            return gettext("The calendar month; the first one in proportion.")
        return gettext("The calendar month.")
    return gettext("From the day of purchase to the same day of the next month.")


def _within_days(version: OfferingVersion) -> str:
    days, percent = version.refund_days, version.refund_most_used_percent
    if percent == HUNDRED:
        return gettext("Within {days} days, what is not used comes back.").format(days=days)
    if not percent:
        return gettext("Within {days} days it comes back if nothing was used.").format(days=days)
    return gettext("Within {days} days, what is not used comes back if at most {percent} % were used.").format(
        days=days, percent=percent
    )


def _joined(sentences: list[str]) -> str:
    """Chinese puts no space between its sentences."""
    return ("" if (get_language() or "").startswith("zh") else " ").join(sentences)
