"""What children may not be told or asked: filters, and the window that a streamed answer passes through. Pure."""

from usage.filters.base import (
    ALLOWED,
    HOLD_BACK,
    TIERS,
    UNAVAILABLE,
    Blocked,
    Filter,
    FilterFailed,
    Verdict,
    Window,
    check_safely,
)
from usage.filters.rules import RuleFilter

__all__ = [
    "ALLOWED",
    "HOLD_BACK",
    "TIERS",
    "UNAVAILABLE",
    "Blocked",
    "Filter",
    "FilterFailed",
    "RuleFilter",
    "Verdict",
    "Window",
    "check_safely",
]
