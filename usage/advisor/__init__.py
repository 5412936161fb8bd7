"""The advisor: which plan would have been right for what an account really used, and whether to change."""

from usage.advisor.advice import LEAST_CALLS, LEAST_DAYS, MOST_DAYS, WORTH_PERCENT, Advice, cheapest_for, of
from usage.advisor.demands import Demand
from usage.advisor.ways import MOST_PACKS, Way

__all__ = [
    "LEAST_CALLS",
    "LEAST_DAYS",
    "MOST_DAYS",
    "MOST_PACKS",
    "WORTH_PERCENT",
    "Advice",
    "Demand",
    "Way",
    "cheapest_for",
    "of",
]
