"""Writes what a quota counts in people's words: credits, calls, tokens or minutes."""

from django import template
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext

from plans.models import Extra, Quota
from portal.kit.units import MICROCREDITS_PER_CREDIT

register = template.Library()


@register.filter
def amount(figure: int, quota: Quota) -> str:
    """This will write a figure in the metric of `quota`; credits are rounded down."""
    if quota.metric in {Quota.Metric.CALLS, Quota.Metric.AT_ONCE}:
        return ngettext("{number} call", "{number} calls", figure).format(number=f"{figure:,}")
    if quota.metric == Quota.Metric.TOKENS:
        return ngettext("{number} token", "{number} tokens", figure).format(number=f"{figure:,}")
    whole = figure // MICROCREDITS_PER_CREDIT
    return ngettext("{number} credit", "{number} credits", whole).format(number=f"{whole:,}")


@register.filter
def within(quota: Quota) -> str:
    """This will write how long a quota counts together; calls at once have no window."""
    if quota.metric == Quota.Metric.AT_ONCE:
        return gettext("Calls at once")
    if quota.window == Quota.Window.SESSION:
        return gettext("Each session")
    if quota.window == Quota.Window.MINUTE:
        return gettext("Each minute")
    return capfirst(quota.get_window_display())


@register.filter
def asked_amount(figure: int, extra: Extra) -> str:
    """This will write what was asked for or given."""
    if extra.quota is not None:
        return amount(figure, extra.quota)
    return ngettext("{number} minute", "{number} minutes", figure).format(number=f"{figure:,}")
