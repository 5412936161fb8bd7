"""Writes what a quota counts in people's words: credits, calls or minutes."""

from django import template
from django.utils.translation import ngettext

from plans.models import Extra, Quota
from portal.kit.units import MICROCREDITS_PER_CREDIT

register = template.Library()


@register.filter
def amount(figure: int, quota: Quota) -> str:
    """This will write a figure in the metric of `quota`; credits are rounded down."""
    if quota.metric == Quota.Metric.CALLS:
        return ngettext("{number} call", "{number} calls", figure).format(number=f"{figure:,}")
    whole = figure // MICROCREDITS_PER_CREDIT
    return ngettext("{number} credit", "{number} credits", whole).format(number=f"{whole:,}")


@register.filter
def asked_amount(figure: int, extra: Extra) -> str:
    """This will write what was asked for or given."""
    if extra.quota is not None:
        return amount(figure, extra.quota)
    return ngettext("{number} minute", "{number} minutes", figure).format(number=f"{figure:,}")
