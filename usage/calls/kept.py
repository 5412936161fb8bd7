"""Keeps the answer to a call with an idempotency key, encrypted and bound to the call, to give it again."""

import base64
from uuid import UUID

import msgspec
from django.conf import settings
from django.db.models.functions import Now
from msgspec.structs import replace

from portal.kit import fields
from usage.events import Answer, Failed, Finished
from usage.models import Call, KeptAnswer


class Kept(msgspec.Struct, frozen=True):
    """All that is needed to give an answer again as it was given; the call itself tells which model gave it."""

    answer: Answer
    end: Finished | Failed
    model: str = ""


def seal_answer(call_id: UUID, answer: Answer, end: Finished | Failed) -> str:
    """This will encrypt an answer as text that only the row of this call gives back."""
    plain = msgspec.msgpack.encode(Kept(answer.compact(), end))
    return base64.b64encode(fields.seal(plain, key=settings.CONTENT_KEYS[0], place=_place(call_id))).decode()


def answer_of(call_id: UUID) -> Kept | None:
    """This will return what was kept of a call; None when nothing was, or not any more."""
    row = KeptAnswer.objects.filter(call_id=call_id, kept_until__gt=Now()).first()
    if row is None:
        return None
    plain = fields.unseal(bytes(row.sealed), keys=settings.CONTENT_KEYS, place=_place(call_id))
    stored = msgspec.msgpack.decode(plain, type=Kept)
    return replace(stored, model=Call.objects.select_related("chat_model").get(pk=call_id).chat_model.slug)


def _place(call_id: UUID) -> str:
    return f"answer:{call_id}"
