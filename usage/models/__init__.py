"""What is kept of every call, and the totals that calls add up to."""

from usage.models.assistant import Assistant, AssistantCall, AssistantVersion
from usage.models.audit import AuditRun
from usage.models.average import OwnAverage
from usage.models.bill import ClosedMonth
from usage.models.call import CHAT, Attempt, Call, CallLot, How, KeptAnswer, LateEvidence, UnpricedCalls
from usage.models.conversation import ContentKey, Conversation, Turn
from usage.models.refused import Refused
from usage.models.retirement import RetirementNotice
from usage.models.rollup import DailyTotal, Dropped, HourProfile
from usage.models.vote import Vote

__all__ = [
    "CHAT",
    "Assistant",
    "AssistantCall",
    "AssistantVersion",
    "Attempt",
    "AuditRun",
    "Call",
    "CallLot",
    "ClosedMonth",
    "ContentKey",
    "Conversation",
    "DailyTotal",
    "Dropped",
    "HourProfile",
    "How",
    "KeptAnswer",
    "LateEvidence",
    "OwnAverage",
    "Refused",
    "RetirementNotice",
    "Turn",
    "UnpricedCalls",
    "Vote",
]
