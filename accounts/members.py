"""Which membership a signed-in person acts as."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from accounts import audit
from accounts.models import Member, User
from portal.kit.refusals import Refusal, gettext_noop

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class NoAccount(Refusal):
    """The person belongs to no household or business yet."""

    code = "no_account"
    status = 403
    sentence = gettext_noop("You do not belong to a household or a business yet. Found one first; it takes a minute.")


def current(user: "User | AnonymousUser") -> Member:
    """This will return the membership that `user` acts as; raises `NoAccount` when there is none."""
    member = user.current_membership if isinstance(user, User) else None
    if member is None:
        raise NoAccount
    return member


@transaction.atomic
def rename(member: Member, *, name: str, by: User, now: datetime) -> None:
    """This will change what the account calls `member`, and what the person is called where they have no account."""
    Member.objects.filter(pk=member.pk).update(name=name)
    User.objects.filter(pk=member.user_id, name="").update(name=name)
    audit.record("member.rename", subject=name, account=member.account, by=by, now=now)
