"""The questions that the usage page asks of totals: exact, since totals are written when a call is settled."""

from usage.reports.calls import call_of, latest_calls
from usage.reports.months import Chart, Dimension, Month, Part, chart, dimensions, month
from usage.reports.walls import departments_seen_by

__all__ = [
    "Chart",
    "Dimension",
    "Month",
    "Part",
    "call_of",
    "chart",
    "departments_seen_by",
    "dimensions",
    "latest_calls",
    "month",
]
