"""The strip that tells staff whether the books are in order."""

from typing import Any

from django import template

from usage import audits

register = template.Library()


@register.inclusion_tag("usage/audit_strip.html")
def audit_strip() -> dict[str, Any]:
    """This will show what the last audit found, with a link to it, and whether audits have come to a halt."""
    run = audits.newest()
    return {"run": run, "is_stale": run is not None and audits.is_stale(run)}
