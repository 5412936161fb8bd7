"""What carries codes to people: Django's mail, an SMS gateway behind an HTTP hook, and the demo's own page."""

from collections.abc import Sequence

import httpx
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from accounts.models import SentMessage
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop

HOOK_TIMEOUT_SECONDS = 5.0


class NoTextMessages(Refusal):
    """The operator has not connected a sender of text messages, or it does not answer."""

    code = "no_text_messages"
    status = 503
    sentence = gettext_noop("We cannot send text messages at the moment. Use your e-mail address, or try again later.")


class DemoMailBackend(BaseEmailBackend):
    """Django's mail in the demo: nothing leaves, everything is shown at /demo/messages/."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """This will keep each message for each recipient."""
        rows = [
            SentMessage(
                channel=SentMessage.Channel.EMAIL,
                recipient=recipient,
                subject=str(message.subject),
                body=str(message.body),
                created_at=clock.now(),
            )
            for message in email_messages
            for recipient in message.recipients()
        ]
        SentMessage.objects.bulk_create(rows)
        return len(email_messages)


def send_sms(phone: str, text: str) -> None:
    """This will send `text` to `phone` (E.164); raises `NoTextMessages`."""
    if settings.DEMO:
        SentMessage.objects.create(channel=SentMessage.Channel.SMS, recipient=phone, body=text, created_at=clock.now())
    elif settings.SMS_HOOK_URL:
        _post({"to": phone, "text": text})
    else:
        raise NoTextMessages


def _post(message: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {settings.SMS_HOOK_SECRET}"} if settings.SMS_HOOK_SECRET else {}
    with httpx.Client(timeout=HOOK_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        try:
            answer = client.post(settings.SMS_HOOK_URL, json=message, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise NoTextMessages from error
