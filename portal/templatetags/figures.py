"""Writes numbers as people read them, in templates: the figures of the ground floor as filters."""

from django import template

from portal.kit import figures

register = template.Library()

for _figure in (
    figures.credits,
    figures.credits_compact,
    figures.credits_exact,
    figures.count,
    figures.money,
    figures.money_fine,
    figures.percent,
    figures.share,
    figures.burn,
    figures.when,
    figures.day,
    figures.day_short,
    figures.month,
    figures.digits,
):
    register.filter(_figure.__name__, _figure)
