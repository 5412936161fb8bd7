"""What every page needs to know: whose portal this is, who looks, and at what."""

from functools import cache, partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Account, Member, Notification, User
from portal import brand

QUERY_BUDGET = 4
"""Session, user, membership and news; the brand comes from memory."""
MOST_UNSEEN = 10


def portal(request: HttpRequest) -> dict[str, Any]:
    """This will name the brand, the member and account that look, and the section of the page.

    The member, the account and the news are asked for only when a template names them, the news once.
    """
    return {
        "brand": brand.current(),
        "member": partial(_member, request),
        "account": partial(_account, request),
        "unseen": cache(partial(_unseen, request)),
        "nav": request.path.split("/")[1] or "home",
        "demo": settings.DEMO,
    }


def _member(request: HttpRequest) -> Member | None:
    user = getattr(request, "user", None)
    return user.current_membership if isinstance(user, User) else None


def _account(request: HttpRequest) -> Account | None:
    member = _member(request)
    return member.account if member else None


def _unseen(request: HttpRequest) -> int:
    """How much the member was told and has not seen, up to what a badge can say."""
    member = _member(request)
    return len(Notification.objects.of(member).unseen().values_list("pk")[:MOST_UNSEEN]) if member else 0
