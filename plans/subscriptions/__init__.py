"""Subscriptions: a period begins with the order that paid it, one follows another without gap or overlap, and ends."""

from plans.subscriptions.dues import Due, due_first, due_next, due_now
from plans.subscriptions.endings import PaymentUnderWay, end, follow_refund, give_up_renewal, withdraw
from plans.subscriptions.outlooks import Outlook, outlook
from plans.subscriptions.periods import begin_period
from plans.subscriptions.standing import (
    CHARGED_BEFORE,
    MOST_PAUSED,
    REMINDED_BEFORE,
    AlreadySubscribed,
    NoPlan,
    check_none,
    has_paid_one,
    is_alike,
    is_being_paid,
    leaders,
    live_of,
    locked,
    looked_at,
    payable_until,
    put,
    renewals_of,
)

__all__ = [
    "CHARGED_BEFORE",
    "MOST_PAUSED",
    "REMINDED_BEFORE",
    "AlreadySubscribed",
    "Due",
    "NoPlan",
    "Outlook",
    "PaymentUnderWay",
    "begin_period",
    "check_none",
    "due_first",
    "due_next",
    "due_now",
    "end",
    "follow_refund",
    "give_up_renewal",
    "has_paid_one",
    "is_alike",
    "is_being_paid",
    "leaders",
    "live_of",
    "locked",
    "looked_at",
    "outlook",
    "payable_until",
    "put",
    "renewals_of",
    "withdraw",
]
