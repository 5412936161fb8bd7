"""Handing chats over: a grown-up who leaves gives what they wrote to another one of the account, and nobody else does.

What is handed over is sealed anew with the key of who takes it, so that it stays readable when the author is erased;
of the author it then keeps no name, since it points to a membership that has none any more.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from accounts import audit, members, notifications
from accounts.models import Member, User
from accounts.models.account import MemberQuerySet
from portal.kit.refusals import Refusal, gettext_noop
from usage import content_keys
from usage.conversations import StillAnswering
from usage.models import Conversation, Turn

TURNS_AT_ONCE = 200


class MayNotHandOver(Refusal):
    """A child's chats are nobody else's, and what somebody left long ago stays sealed."""

    code = "may_not_hand_over"
    status = 403
    sentence = gettext_noop("Only a grown-up hands chats over, up to 30 days after leaving. Nothing was handed over.")


class NobodyThere(Refusal):
    """No grown-up of the account has proven this address."""

    code = "nobody_there"
    status = 422
    sentence = gettext_noop(
        "No other grown-up of {account} signs in with this address. Nothing was handed over; check the address."
    )


def authors(user: User, *, now: datetime) -> MemberQuerySet:
    """This will return the memberships of a person whose chats they can hand over."""
    own = Member.objects.of(user)
    return own.active().exclude(role=Member.Role.CHILD) | own.parted(since=now - members.LINGERS)


@transaction.atomic
def hand_over(author: Member, conversation_ids: Sequence[UUID], *, contact: str, now: datetime) -> int:
    """This will give conversations that `author` wrote to who signs in with `contact`; returns how many those were.

    What was handed to the author stays: its words are another one's. Raises `MayNotHandOver`, `NobodyThere` and,
    while an answer is awaited in one of them, `StillAnswering`.
    """
    if not authors(author.user, now=now).filter(pk=author.pk).exists():
        raise MayNotHandOver
    receiver = _receiver(author, contact)
    own = Conversation.objects.seen_by(author.pk).first_hand().filter(pk__in=conversation_ids)
    chosen = list(own.select_for_update().order_by("pk"))
    if Turn.objects.filter(conversation__in=chosen, state=Turn.WAITING).exists():
        raise StillAnswering
    for conversation in chosen:
        _give(conversation, to=receiver, now=now)
    if chosen:
        _tell(author, receiver, number=len(chosen), now=now)
    return len(chosen)


def _receiver(author: Member, contact: str) -> Member:
    """Locked, so that they do not leave meanwhile; only a proven address says who somebody is."""
    mailboxes = EmailAddress.objects.filter(email=contact, verified=True).values("user")
    proven = Q(user__in=mailboxes) | Q(user__phone=contact, user__phone_verified_at__isnull=False)
    others = Member.objects.active().filter(proven, account=author.account_id).exclude(user=author.user_id)
    grown = others.exclude(role=Member.Role.CHILD).select_for_update(of=("self",), no_key=True)
    receiver = grown.first()
    if receiver is None:
        raise NobodyThere(account=author.account.name)
    return receiver


def _give(conversation: Conversation, *, to: Member, now: datetime) -> None:
    old, new = (content_keys.of(member_id, now=now) for member_id in (conversation.member_id, to.pk))

    def anew(sealed: bytes, row: UUID) -> bytes:
        return content_keys.seal(content_keys.unseal(sealed, key=old, row=row), key=new, row=row)

    turns = list(conversation.turns.all())
    for turn in turns:
        turn.sealed_text = anew(bytes(turn.sealed_text), turn.pk)
    Turn.objects.bulk_update(turns, ["sealed_text"], batch_size=TURNS_AT_ONCE)
    Conversation.objects.filter(pk=conversation.pk).update(
        member=to,
        sealed_title=anew(bytes(conversation.sealed_title), conversation.pk),
        handed_over_by=conversation.member_id,
        handed_over_at=now,
        spoken_at=now,  # comes first in the list of who takes it
    )


def _tell(author: Member, receiver: Member, *, number: int, now: datetime) -> None:
    """Without a name, which would outlive the author's erasure; the list of chats says from whom."""
    subject = f"member {receiver.pk}"
    account = author.account
    audit.record("conversations.hand_over", subject=subject, account=account, by=author.user, now=now, number=number)
    notifications.tell(
        [receiver],
        kind="chats_handed_over",
        sentence=gettext_noop(
            "Chats were handed over to you: {number}. You find them in your list, with whom they are from."
        ),
        path=reverse("chat"),
        now=now,
        number=number,
    )
