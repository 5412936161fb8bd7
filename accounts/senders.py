"""What carries codes to people and news to machines: mail, hooks over HTTP, and the demo's own page."""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import httpx
import orjson
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from accounts.models import SentMessage
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop

HOOK_TIMEOUT_SECONDS = 5.0
LARGEST_ANSWER_BYTES = 3_000_000
LONGEST_ANSWER = 200
TRY_LATER = frozenset({408, 425, 429})
TAKEN_ON = 202


class NoTextMessages(Refusal):
    """The operator has not connected a sender of text messages, or it does not answer."""

    code = "no_text_messages"
    status = 503
    sentence = gettext_noop("We cannot send text messages at the moment. Use your e-mail address, or try again later.")


class HookSilent(Exception):
    """A hook that staff connected did not take what it was told; it is told again later."""


@dataclass(frozen=True)
class HookAnswer:
    """What a hook said: an HTTP status (0 where it did not answer at all) and the beginning of its answer."""

    status: int
    note: str

    @property
    def is_taken_on(self) -> bool:
        """Whether it will be done, and is not yet."""
        return self.status == TAKEN_ON

    @property
    def is_yes(self) -> bool:
        """Whether it is done."""
        return httpx.codes.is_success(self.status)

    @property
    def is_no(self) -> bool:
        """Whether asking again would not help."""
        return httpx.codes.is_client_error(self.status) and self.status not in TRY_LATER


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


def tell_hook(url: str, told: Mapping[str, object], *, secret: str, now: datetime) -> bytes:
    """This will post `told` as JSON and return what the hook answers, at most 3 MB; raises `HookSilent` without a 2xx.

    With a secret the header x-signature is `t=<seconds since 1970>,v1=<hexadecimal>`, the HMAC-SHA256 of the seconds,
    a dot and the body.
    """
    body = orjson.dumps(dict(told))
    headers = {"content-type": "application/json"}
    if secret:
        headers["x-signature"] = _signature(body, secret=secret, moment=int(now.timestamp()))
    with httpx.Client(timeout=HOOK_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        try:
            with client.stream("POST", url, content=body, headers=headers) as answer:
                answer.raise_for_status()
                return _read(answer)
        except httpx.HTTPError as error:
            raise HookSilent from error


def _read(answer: httpx.Response) -> bytes:
    read = b""
    for piece in answer.iter_bytes():
        read += piece
        if len(read) > LARGEST_ANSWER_BYTES:
            raise HookSilent
    return read


def _signature(body: bytes, *, secret: str, moment: int) -> str:
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, "sha256").hexdigest()
    return f"t={moment},v1={digest}"


def post_signed(url: str, body: bytes, *, message_id: str, secret: str, now: datetime) -> HookAnswer:
    """This will post JSON to a hook, signed as Standard Webhooks 1.0 says (HMAC-SHA256 over id, time and body)."""
    stamp = str(int(now.timestamp()))
    signed = hmac.digest(secret.encode(), b".".join((message_id.encode(), stamp.encode(), body)), hashlib.sha256)
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    with httpx.Client(timeout=HOOK_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        try:
            answer = client.post(url, content=body, headers=headers)
        except httpx.HTTPError as error:
            return HookAnswer(0, type(error).__name__)
    return HookAnswer(answer.status_code, f"{answer.status_code} {answer.text[:LONGEST_ANSWER]}".strip())


def _post(message: dict[str, str]) -> None:
    headers = {"Authorization": f"Bearer {settings.SMS_HOOK_SECRET}"} if settings.SMS_HOOK_SECRET else {}
    with httpx.Client(timeout=HOOK_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client:
        try:
            answer = client.post(settings.SMS_HOOK_URL, json=message, headers=headers)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise NoTextMessages from error
