"""Payments: what we ask a provider for, and what its books say about it."""

from plans.payments.asking import Answer, ask, try_code
from plans.payments.opening import (
    FIRST_ANSWER,
    LOST_AFTER,
    MOST_CODES,
    MOST_UNPAID_A_PHONE,
    PACE,
    PHONE_SPAN,
    WATCHED_FOR,
    Means,
    PhoneAskedEnough,
    check_phone,
    last_of,
    leave,
    matches,
    open_for,
    phone_of,
    take_turn,
)
from plans.payments.recording import Outcome, note_silence, record

__all__ = [
    "FIRST_ANSWER",
    "LOST_AFTER",
    "MOST_CODES",
    "MOST_UNPAID_A_PHONE",
    "PACE",
    "PHONE_SPAN",
    "WATCHED_FOR",
    "Answer",
    "Means",
    "Outcome",
    "PhoneAskedEnough",
    "ask",
    "check_phone",
    "last_of",
    "leave",
    "matches",
    "note_silence",
    "open_for",
    "phone_of",
    "record",
    "take_turn",
    "try_code",
]
