"""Sends what waits as a row: links of invitations, and what members were told.

A row is marked before it is sent: a crash may cost one message, which the pages still show, but sends none twice.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from accounts import invitations, names, senders
from accounts.models import Invitation, Notification

logger = logging.getLogger(__name__)

BATCH = 20
STALE = timedelta(days=1)
"""What could not be sent for a day is only on the page."""
URGENT = frozenset({"extra_asked", "ownership_offered", "pin_locked", "key_slowed"})
"""What is worth a text message to those who have no e-mail address."""


def send_invitations(now: datetime) -> int:
    """This will send the links that wait; returns how many rows it took on."""
    taken = _take_invitations(now)
    for invitation in taken:
        try:
            _send_link(invitation)
        except (OSError, senders.NoTextMessages):
            logger.warning("invitation %s could not be sent; it waits", invitation.pk)
            Invitation.objects.filter(pk=invitation.pk).update(sent_at=None)
    return len(taken)


def send_notifications(now: datetime) -> int:
    """This will send what members were told, to whom it can be sent; returns how many rows it took on."""
    taken = _take_notifications(now)
    for notification in taken:
        try:
            if now - notification.created_at < STALE:
                _send_sentence(notification)
        except (OSError, senders.NoTextMessages):
            logger.warning("notification %s could not be sent; it waits", notification.pk)
            Notification.objects.filter(pk=notification.pk).update(sent_at=None)
    return len(taken)


@transaction.atomic
def _take_invitations(now: datetime) -> list[Invitation]:
    waiting = Invitation.objects.pending(now=now).filter(sent_at=None, state=Invitation.State.OPEN)
    rows = waiting.select_related("account", "invited_by").select_for_update(of=("self",), skip_locked=True)
    taken = list(rows.order_by("created_at")[:BATCH])
    Invitation.objects.filter(pk__in=[each.pk for each in taken]).update(sent_at=now)
    return taken


@transaction.atomic
def _take_notifications(now: datetime) -> list[Notification]:
    waiting = Notification.objects.filter(sent_at=None).select_related("member__user", "member__account")
    rows = waiting.order_by("created_at").select_for_update(of=("self",), skip_locked=True)
    taken = list(rows[:BATCH])
    Notification.objects.filter(pk__in=[each.pk for each in taken]).update(sent_at=now)
    return taken


def _send_link(invitation: Invitation) -> None:
    words = {
        "account": names.for_mail(invitation.account.name),
        "inviter": names.for_mail(invitation.invited_by.get_short_name()),
        "name": names.for_mail(invitation.name),
        "link": invitations.link_of(invitation),
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
            send_mail(str(notification), text, None, [user.email])
        elif user.phone and notification.kind in URGENT:
            senders.send_sms(user.phone, text)
