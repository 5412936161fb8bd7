"""What we hold on a person: taken along as one file, or gone; what was used stays in the books, without a name."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction

from accounts import audit, traces
from accounts.models import Agreement, ApiKey, Device, Guardianship, Member, Notification, User
from plans.models import Extra
from usage import conversations, departures, reading
from usage.conversations import Said
from usage.models import Call, ContentKey, Conversation, Refused, Vote

MOST_CALLS = 50_000
"""The newest; older ones are in the account's own figures."""
REASON = "The person asked to be erased."
_OF_A_CALL = (
    "id",
    "opened_at",
    "source",
    "chat_model__slug",
    "session",
    "in_fresh",
    "out_text",
    "charged_microcredits",
    "state",
)

Json = dict[str, Any]


def export(user: User, *, by: User, now: datetime) -> Json:
    """This will return everything that we hold on a person as plain JSON values, with the words for themselves alone.

    A guardian gets those that reading is on for, and no others. Keys and passwords are kept as digests only, so
    nothing that opens a door is in it.
    """
    members = Member.objects.filter(user=user).select_related("account", "department")
    return {
        "person": _row(user, "email", "phone", "name", "language", "created_at", "phone_verified_at"),
        "email_addresses": _rows(EmailAddress.objects.filter(user=user), "email", "verified", "primary"),
        "second_factors": _rows(Authenticator.objects.filter(user=user), "type", "created_at", "last_used_at"),
        "identity_providers": _rows(SocialAccount.objects.filter(user=user), "provider", "uid", "date_joined"),
        "sessions": _rows(UserSession.objects.filter(user=user), "ip", "user_agent", "created_at", "last_seen_at"),
        "agreements": _rows(
            Agreement.objects.filter(user=user), "legal_text__kind", "legal_text__version", "agreed_at"
        ),
        "memberships": [_membership(member, by=by, now=now) for member in members],
    }


def erase(user: User, *, now: datetime) -> None:
    """This will end every membership of a person, forget their words and addresses, and close their sign-in.

    Calls and receipts, and what the accounts were told and have written down of the person, keep the number of the
    membership and no name; only what others typed as a reason stays as it is. Raises `ownership.LastOwner` where an
    account would be left without an owner; then nothing was erased.
    """
    standing = list(Member.objects.active().of(user).select_related("account", "user"))
    with transaction.atomic():
        _forget_names(user)
        for member in standing:
            member.name = _nameless(member)  # what is told of the end as well
            departures.end(member, by=user, reason=REASON, now=now)
        _forget_words(user)
        _forget_person(user)
        audit.record("person.erase", subject=f"person {user.pk}", account=None, by=user, now=now)
    for member in standing:
        departures.stop_calls(member)


def _membership(member: Member, *, by: User, now: datetime) -> Json:
    calls = Call.objects.of_account(member.account_id).filter(member_id=member.pk).order_by("-id")[:MOST_CALLS]
    guardianship = Guardianship.objects.filter(member=member)
    limits = ("born_in", "consented_at", "daily_minutes", "quiet_from", "quiet_to", "is_tutored", "read_since")
    return {
        "account": member.account.name,
        **_row(member, "name", "role", "joined_at", "left_at"),
        "department": member.department.name if member.department else None,
        "guardianship": _rows(guardianship, *limits),
        "devices": _rows(Device.objects.filter(members=member), "name", "created_at", "seen_at", "ended_at"),
        "keys": _rows(ApiKey.objects.filter(member=member), "label", "prefix", "last_four", "created_at", "revoked_at"),
        "news": [
            {"sentence": str(each), "created_at": each.created_at.isoformat()}
            for each in Notification.objects.of(member)
        ],
        "requests_for_more": _rows(Extra.objects.filter(member=member), "about", "asked", "reason", "state"),
        "refusals": _rows(Refused.objects.filter(member_id=member.pk), "code", "model_name", "refused_at"),
        "votes": _rows(Vote.objects.filter(member=member), "call_id", "chat_model__slug", "is_up", "voted_at"),
        "conversations": [
            {
                "id": str(kept.pk),
                "created_at": kept.created_at.isoformat(),
                **_row(kept, "handed_over_at"),
                "assistant": str(kept.assistant_version) if kept.assistant_version else None,
                "turns": [
                    {"role": said.turn.role, "text": said.text, "at": said.turn.created_at.isoformat()}
                    for said in _words(member, kept, by=by, now=now)
                ],
            }
            for kept in Conversation.objects.seen_by(member.pk)
            .newest_first()
            .select_related("assistant_version__assistant")
        ],
        "calls": [_plain(row) for row in calls.values(*_OF_A_CALL)],
    }


def _words(member: Member, kept: Conversation, *, by: User, now: datetime) -> list[Said]:
    if member.user_id == by.pk:
        return conversations.read(kept, now=now)
    try:
        return reading.read(member.guardianship, kept, now=now)
    except reading.MayNotRead:
        return []


def _forget_words(user: User) -> None:
    """Without its key nothing that was sealed opens again, in no copy either."""
    members = Member.objects.filter(user=user).values("pk")
    Conversation.objects.filter(member__in=members).delete()
    ContentKey.objects.filter(member__in=members).delete()
    Vote.objects.filter(member__in=members).delete()
    Refused.objects.filter(member_id__in=members).delete()
    Extra.objects.filter(member__in=members).update(reason="")


def _forget_names(user: User) -> None:
    """Also in accounts that were left before."""
    mailboxes = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    everywhere = {user.name, user.email, user.phone or "", *mailboxes}
    for member in Member.objects.filter(user=user).select_related("account"):
        Member.objects.filter(pk=member.pk).update(name=_nameless(member))
        traces.erase(member.account, everywhere | {member.name}, instead=_nameless(member))


def _nameless(member: Member) -> str:
    return f"#{member.pk}"


def _forget_person(user: User) -> None:
    for table in (EmailAddress, Authenticator, SocialAccount, UserSession):
        table.objects.filter(user=user).delete()
    Notification.objects.filter(member__user=user).delete()
    ApiKey.objects.filter(member__user=user).update(label="")
    user.email, user.phone, user.name, user.is_active = f"{user.pk}@erased.invalid", None, "", False
    user.phone_verified_at = None
    user.set_unusable_password()  # every session of theirs ends with the password it began with
    user.save()


def _rows(rows: Any, *names: str) -> list[Json]:
    return [_plain(row) for row in rows.values(*names)]


def _row(row: Any, *names: str) -> Json:
    return _plain({name: getattr(row, name) for name in names})


def _plain(row: Json) -> Json:
    return {name: value if isinstance(value, int | str | bool | None) else _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, Iterable):
        return list(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
