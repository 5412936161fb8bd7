"""Sends what waits as a row: links of invitations, questions to postmasters, and what members were told.

A row is marked before it is sent: a crash may cost one message, which the pages still show, but sends none twice.
What fails waits longer each time; an address that the other side takes nothing for is given up at once.
"""

import logging
import random
import smtplib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import translation

from accounts import domains, invitations, names, senders
from accounts.models import Invitation, MailDomain, Notification

logger = logging.getLogger(__name__)

BATCH = 20
SHORTEST_PAUSE = timedelta(seconds=3)
LONGEST_PAUSE = timedelta(minutes=15)
MOST_DOUBLINGS = 20
"""More of them are beyond the longest pause anyway."""
PERMANENT = 500
"""From this reply code on, a mail server says no for good (RFC 5321, 4.2.1)."""
STALE = timedelta(days=1)
"""What could not be sent for a day is only on the page."""
URGENT = frozenset(
    {"extra_asked", "ownership_offered", "pin_locked", "key_slowed", "key_exposed", "plan_reminder", "plan_declined"}
)
"""What is worth a text message to those who have no e-mail address."""


def send_invitations(now: datetime) -> int:
    """This will send the links that wait; returns how many rows it took on."""
    waiting = Invitation.objects.pending(now=now).filter(state=Invitation.State.OPEN)
    return _send_each(waiting.select_related("account", "invited_by"), _send_link, now=now)


def send_notifications(now: datetime) -> int:
    """This will send what members were told, to whom it can be sent; returns how many rows it took on."""

    def send(notification: Notification) -> None:
        if now - notification.created_at < STALE:
            _send_sentence(notification)

    return _send_each(Notification.objects.select_related("member__user", "member__account"), send, now=now)


def send_claims(now: datetime) -> int:
    """This will ask the postmasters of claimed domains; returns how many rows it took on."""
    waiting = MailDomain.objects.to_prove(since=now - domains.LIVES)
    return _send_each(waiting.select_related("account", "claimed_by"), _send_claim, now=now)


def pause_after(tries: int) -> timedelta:
    """This will return how long to wait after so many failed tries: twice as long each time, up to the longest pause.

    A random half of it keeps those apart that failed together ("equal jitter": M. Brooker, Exponential Backoff And
    Jitter, AWS Architecture Blog, 2015).
    """
    longest = min(LONGEST_PAUSE, SHORTEST_PAUSE * (1 << min(tries - 1, MOST_DOUBLINGS)))
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads load, guards nothing


def _send_each(letters: QuerySet[Any], send: Callable[[Any], None], *, now: datetime) -> int:
    """Drawn by lot, so that rows which cannot be sent never stand before all others."""
    chosen = letters.filter(_due(now)).order_by("?").values_list("pk", flat=True)[:BATCH]
    return sum(_send(letters, pk, send, now=now) for pk in list(chosen))


def _due(now: datetime) -> Q:
    return Q(sent_at=None) & (Q(next_try_at=None) | Q(next_try_at__lte=now))


def _send(letters: QuerySet[Any], pk: int, send: Callable[[Any], None], *, now: datetime) -> bool:
    """What bears our mark no longer when it has failed was asked to be sent anew meanwhile, and is left to that."""
    row = letters.filter(pk=pk)
    if not row.filter(_due(now)).update(sent_at=now):
        return False
    letter = row.first()  # none, where it has ended meanwhile
    if letter is not None and (changes := _failure_of(letter, send, now=now)):
        row.filter(sent_at=now).update(**changes)
    return True


def _failure_of(letter: Any, send: Callable[[Any], None], *, now: datetime) -> dict[str, Any]:
    """This will send, and return what changes about a letter that could not be sent."""
    try:
        send(letter)
    except (OSError, senders.NoTextMessages) as error:
        logger.warning("%s %s could not be sent: %s", letter._meta.model_name, letter.pk, type(error).__name__)
        if _is_for_good(error):
            return {"refused_at": now}
        tries = letter.tries + 1
        return {"sent_at": None, "tries": tries, "next_try_at": now + pause_after(tries)}
    return {}


def _is_for_good(error: Exception) -> bool:
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        code >= PERMANENT for code, _answer in error.recipients.values()
    )


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


def _send_claim(claimed: MailDomain) -> None:
    words = {
        "account": names.for_mail(claimed.account.name),
        "inviter": names.for_mail(claimed.claimed_by.get_short_name()),
        "domain": claimed.domain,
        "link": domains.link_of(claimed),
    }
    with translation.override(claimed.claimed_by.language or settings.LANGUAGE_CODE):
        subject = render_to_string("accounts/mail/domain_subject.txt", words).strip()
        text = render_to_string("accounts/mail/domain.txt", words).strip()
    send_mail(subject, text, None, [f"{domains.POSTMASTER}@{claimed.domain}"])
