"""Who there is: shape and constraints, one file a noun."""

from accounts.models.account import Account, Department, Member, Project, Scenario
from accounts.models.api_key import ApiKey
from accounts.models.audit import AuditEvent
from accounts.models.child import Device, DeviceTicket, Guardianship
from accounts.models.domain import MailDomain
from accounts.models.joining import Invitation, OwnershipOffer
from accounts.models.legal import Agreement, LegalText
from accounts.models.message import SentMessage
from accounts.models.notification import Notification
from accounts.models.user import User, normal_email

__all__ = [
    "Account",
    "Agreement",
    "ApiKey",
    "AuditEvent",
    "Department",
    "Device",
    "DeviceTicket",
    "Guardianship",
    "Invitation",
    "LegalText",
    "MailDomain",
    "Member",
    "Notification",
    "OwnershipOffer",
    "Project",
    "Scenario",
    "SentMessage",
    "User",
    "normal_email",
]
