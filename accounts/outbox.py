"""Sends what waits as a row: links of invitations, and what members were told.

A row is marked before it is sent: a crash may cost one message, which the pages still show, but sends none twice.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation

from accounts import domains, invitations, names, senders
from accounts.models import Invitation, MailDomain, Notification

logger = logging.getLogger(__name__)

BATCH = 20
STALE = timedelta(days=1)
"""What could not be sent for a day is only on the page."""
URGENT = frozenset({"extra_asked", "ownership_offered", "pin_locked", "key_slowed", "key_exposed"})
"""What is worth a text message to those who have no e-mail address."""


def send_invitations(now: datetime) -> int:
    """This will send the links that wait; returns how many rows it took on."""
    waiting = Invitation.objects.pending(now=now).filter(sent_at=None, state=Invitation.State.OPEN)
    return sum(_send_invitation(invitation_id, now=now) for invitation_id in _chosen(waiting))


def send_notifications(now: datetime) -> int:
    """This will send what members were told, to whom it can be sent; returns how many rows it took on."""
    waiting = Notification.objects.filter(sent_at=None)
    return sum(_send_notification(notification_id, now=now) for notification_id in _chosen(waiting))


def send_claims(now: datetime) -> int:
    """This will ask the postmasters of claimed domains; returns how many rows it took on."""
    waiting = MailDomain.objects.to_prove(since=now - domains.LIVES).filter(sent_at=None)
    return sum(_send_claim(domain_id, now=now) for domain_id in _chosen(waiting))


def _chosen(waiting: QuerySet[Any]) -> list[int]:
    """Drawn by lot, so that rows which cannot be sent never stand before all others."""
    return list(waiting.order_by("?").values_list("pk", flat=True)[:BATCH])


def _send_invitation(invitation_id: int, *, now: datetime) -> bool:
    row = Invitation.objects.filter(pk=invitation_id)
    if not row.filter(sent_at=None, state=Invitation.State.OPEN).update(sent_at=now):
        return False
    invitation = row.select_related("account", "invited_by").get()
    try:
        _send_link(invitation)
    except (OSError, senders.NoTextMessages):
        logger.warning("invitation %s could not be sent; it waits", invitation_id)
        row.filter(edition=invitation.edition).update(sent_at=None)
    return True


def _send_notification(notification_id: int, *, now: datetime) -> bool:
    row = Notification.objects.filter(pk=notification_id)
    if not row.filter(sent_at=None).update(sent_at=now):
        return False
    notification = row.select_related("member__user", "member__account").get()
    try:
        if now - notification.created_at < STALE:
            _send_sentence(notification)
    except (OSError, senders.NoTextMessages):
        logger.warning("notification %s could not be sent; it waits", notification_id)
        row.update(sent_at=None)
    return True


def _send_link(invitation: Invitation) -> None:
    words = {
        "account": names.for_mail(invitation.account.name),
        "inviter": names.for_mail(invitation.invited_by.get_short_name()),
        "name": names.for_mail(invitation.name),
        "link": invitations.link_of(invitation),
        "site": settings.SITE_NAME,
    }
    with translation.override(invitation.invited_by.language or settings.LANGUAGE_CODE):
        if invitation.way == Invitation.Way.PHONE:
            senders.send_sms(invitation.contact, render_to_string("accounts/sms/invitation.txt", words).strip())
        else:
            subject = render_to_string("accounts/mail/invitation_subject.txt", words).strip()
            text = render_to_string("accounts/mail/invitation.txt", words).strip()
            send_mail(subject, text, None, [invitation.contact])


def _send_sentence(notification: Notification) -> None:
    user = notification.member.user
    with translation.override(user.language or settings.LANGUAGE_CODE):
        words = {
            "sentence": str(notification),
            "account": notification.member.account,
            "link": settings.BASE_URL + notification.path,
        }
        text = render_to_string("accounts/mail/notification.txt", words).strip()
        if user.email:
            send_mail(" ".join(str(notification).split()), text, None, [user.email])
        elif user.phone and notification.kind in URGENT:
            senders.send_sms(user.phone, text)


def _send_claim(domain_id: int, *, now: datetime) -> bool:
    row = MailDomain.objects.filter(pk=domain_id)
    if not row.filter(sent_at=None).update(sent_at=now):
        return False
    claimed = row.select_related("account", "claimed_by").get()
    words = {
        "account": names.for_mail(claimed.account.name),
        "inviter": names.for_mail(claimed.claimed_by.get_short_name()),
        "domain": claimed.domain,
        "link": domains.link_of(claimed),
    }
    with translation.override(claimed.claimed_by.language or settings.LANGUAGE_CODE):
        subject = render_to_string("accounts/mail/domain_subject.txt", words).strip()
        text = render_to_string("accounts/mail/domain.txt", words).strip()
    try:
        send_mail(subject, text, None, [f"{domains.POSTMASTER}@{claimed.domain}"])
    except OSError:
        logger.warning("the postmaster of domain %s could not be asked; it waits", domain_id)
        row.update(sent_at=None)
    return True
