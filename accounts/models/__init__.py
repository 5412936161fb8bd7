"""Who there is: shape and constraints, one file a noun."""

from accounts.models.account import Account, Department, Member, Project, Scenario
from accounts.models.api_key import ApiKey
from accounts.models.audit import AuditEvent
from accounts.models.legal import Agreement, LegalText
from accounts.models.message import SentMessage
from accounts.models.user import User, normal_email

__all__ = [
    "Account",
    "Agreement",
    "ApiKey",
    "AuditEvent",
    "Department",
    "LegalText",
    "Member",
    "Project",
    "Scenario",
    "SentMessage",
    "User",
    "normal_email",
]
