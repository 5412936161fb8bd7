"""What a child wrote since its guardians began to read; the child was told, and from fourteen on there is nothing."""

from datetime import datetime

from accounts import children
from accounts.models import Guardianship
from portal.kit.refusals import Refusal, gettext_noop
from usage import conversations
from usage.conversations import Heading, Said
from usage.models import Conversation


class MayNotRead(Refusal):
    """Reading is off, or the child is fourteen."""

    code = "may_not_read"
    status = 403
    sentence = gettext_noop("Reading is off. From 14 on you see minutes, subjects and credits, not words.")


def headings(guardianship: Guardianship, *, now: datetime) -> list[Heading]:
    """This will list the conversations in which the child wrote since then, the newest first. Raises `MayNotRead`."""
    since = _since(guardianship, now=now)
    shown = conversations.headings(guardianship.member, now=now)
    return [each for each in shown if each.conversation.spoken_at >= since]


def read(guardianship: Guardianship, conversation: Conversation, *, now: datetime) -> list[Said]:
    """This will return what was said in one of them since then. Raises `MayNotRead`."""
    since = _since(guardianship, now=now)
    return [said for said in conversations.read(conversation, now=now) if said.turn.created_at >= since]


def _since(guardianship: Guardianship, *, now: datetime) -> datetime:
    if guardianship.read_since is None or not children.may_be_read(guardianship, now=now):
        raise MayNotRead
    return guardianship.read_since
