"""Asking for more and giving it: for a while, ending by itself, written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import audit, callers, notifications
from accounts.models import Guardianship, Member
from plans import ledger, quotas
from plans.models import Awake, Extra, Quota, QuotaWindow
from plans.models.extra import EXTRA_MOVES
from plans.models.quota import LARGEST_LIMIT
from portal.kit.refusals import Refusal, gettext_noop

LIVES = timedelta(hours=24)
MOST_MINUTES = 240
ASKABLE = {
    "quota_exceeded": Extra.About.QUOTA,
    "minutes_used": Extra.About.MINUTES,
    "quiet_hours": Extra.About.QUIET_HOURS,
}
"""Of which refusal more of what can be asked."""
PASSING = {Quota.Window.MINUTE, Quota.Window.SESSION}
"""Where waiting, or beginning anew, is quicker than asking."""


class AlreadyAsked(Refusal):
    """The same was asked for and is not answered yet; `extra_id` is that request."""

    code = "already_asked"
    status = 409
    sentence = gettext_noop("You have asked already. You hear from it here as soon as somebody answers.")


class NothingToAsk(Refusal):
    """The quota is not one of the member's, or the member is no child."""

    code = "nothing_to_ask"
    status = 404
    sentence = gettext_noop("There is nothing of yours to ask more of. Look at your usage page.")


class MayNotAnswer(Refusal):
    """Only the nearest head or an owner answers, and nobody themselves."""

    code = "may_not_answer"
    status = 403
    sentence = gettext_noop("This is for the head of the department or the owner to answer. Nothing was changed.")


class ExtraEnded(Refusal):
    """The request was answered, withdrawn, or has lapsed."""

    code = "extra_ended"
    status = 410
    sentence = gettext_noop("This request is no longer open. Nothing was changed.")


class BadAmount(Refusal):
    """More than nothing, and not more than can be."""

    code = "bad_amount"
    status = 422
    sentence = gettext_noop("Choose an amount above zero that is not beyond all bounds. Nothing was changed.")


def path_for(refusal: Refusal) -> str:
    """This will return the path at which more can be asked for after this refusal; empty where there is nothing."""
    about = ASKABLE.get(refusal.code)
    if about is None or isinstance(refusal, ledger.SetAside):  # that quota is somebody else's
        return ""
    quota = refusal.details.get("quota_id")
    if about == Extra.About.QUOTA and (quota is None or refusal.details.get("window") in PASSING):
        return ""
    asked = {"about": about} | ({"quota": quota} if quota is not None else {})
    return f"{reverse('plans:extras')}?{urlencode(asked)}"


def with_link(refusal: Refusal) -> Refusal:
    """This will return the refusal with the address, as `ask_url`, at which more can be asked for, if there is one."""
    path = path_for(refusal)
    return type(refusal)(**refusal.details, ask_url=settings.BASE_URL + path) if path else refusal


@transaction.atomic
def ask(
    member: Member,
    *,
    about: str,
    quota: Quota | None = None,
    amount: int | None = None,
    reason: str = "",
    now: datetime,
) -> Extra:
    """This will ask who decides for more; it lapses after a day, or when the window ends.

    Raises `NothingToAsk`, `AlreadyAsked` and `BadAmount`.
    """
    if amount is not None and not 0 < amount <= LARGEST_LIMIT:
        raise BadAmount
    if about != Extra.About.QUOTA and not Guardianship.objects.filter(member=member).exists():
        raise NothingToAsk
    if (quota is None) == (about == Extra.About.QUOTA) or (quota and not _concerns(quota, member)):
        raise NothingToAsk
    Member.objects.select_for_update().get(pk=member.pk)  # two taps ask once
    asked = Extra.objects.filter(member=member, about=about, quota=quota)
    if waiting := asked.waiting(now=now).first():
        raise AlreadyAsked(extra_id=waiting.pk)
    asked.filter(state=Extra.State.OPEN).update(state=Extra.State.WITHDRAWN, answered_at=now)
    made = Extra.objects.create(
        account=member.account,
        member=member,
        about=about,
        quota=quota,
        asked=amount,
        reason=reason,
        created_at=now,
        expires_at=min(now + LIVES, _window_end(quota, now=now) or now + LIVES),
    )
    notifications.tell(
        deciders(made),
        kind="extra_asked",
        sentence=gettext_noop("{name} asks for more."),
        path=reverse("plans:extra", args=[made.pk]),
        now=now,
        name=member.name,
    )
    return made


@transaction.atomic
def approve(extra: Extra, *, amount: int, by: Member, now: datetime) -> None:
    """This will give `amount` more, all of it or a part: of the window that runs, today, or from now on.

    Raises `MayNotAnswer`, `BadAmount` and `ExtraEnded`.
    """
    if not may_answer(extra, by=by):
        raise MayNotAnswer
    most = LARGEST_LIMIT if extra.about == Extra.About.QUOTA else MOST_MINUTES
    if not 0 < amount <= most:
        raise BadAmount
    _answer(extra, state=Extra.State.APPROVED, by=by, now=now, granted=amount)
    _give(extra, amount, by=by, now=now)
    audit.record(
        "extra.approve",
        subject=extra.member.name,
        account=extra.account,
        by=by.user,
        now=now,
        about=extra.about,
        granted=amount,
    )
    notifications.tell(
        [extra.member],
        kind="extra_approved",
        sentence=gettext_noop("{name} gave you more. You can go on."),
        path=reverse("chat"),
        now=now,
        name=by.name,
    )


@transaction.atomic
def decline(extra: Extra, *, by: Member, now: datetime) -> None:
    """This will say no. Raises `MayNotAnswer` and `ExtraEnded`."""
    if not may_answer(extra, by=by):
        raise MayNotAnswer
    _answer(extra, state=Extra.State.DECLINED, by=by, now=now)
    audit.record("extra.decline", subject=extra.member.name, account=extra.account, by=by.user, now=now)
    notifications.tell(
        [extra.member],
        kind="extra_declined",
        sentence=gettext_noop("{name} said no this time."),
        path=reverse("usage"),
        now=now,
        name=by.name,
    )


@transaction.atomic
def withdraw(extra: Extra, *, now: datetime) -> None:
    """This will take one's own request back. Raises `ExtraEnded`."""
    _answer(extra, state=Extra.State.WITHDRAWN, by=None, now=now)


def deciders(extra: Extra) -> Sequence[Member]:
    """This will return who may answer: the nearest heads of the quota's node or of the member, else the owners."""
    quota = extra.quota
    kind, node = (quota.node_kind, quota.node_id) if quota else (Quota.Node.MEMBER, extra.member_id)
    if kind not in {Quota.Node.MEMBER, Quota.Node.DEPARTMENT}:
        kind, node = Quota.Node.MEMBER, extra.member_id
    return [each for each in quotas.deciders(extra.account, kind, node) if each.pk != extra.member_id]


def may_answer(extra: Extra, *, by: Member) -> bool:
    """This will tell whether `by` may answer: an owner or one of the deciders, and nobody themselves."""
    if by.pk == extra.member_id:
        return False
    is_owner = by.owns() and by.account_id == extra.account_id
    return is_owner or by.pk in {each.pk for each in deciders(extra)}


def _concerns(quota: Quota, member: Member) -> bool:
    if quota.account_id != member.account_id or quota.ended_at is not None:
        return False
    if quota.window in PASSING or quota.metric == Quota.Metric.AT_ONCE:
        return False
    match quota.node_kind:
        case Quota.Node.MEMBER:
            return quota.node_id == member.pk
        case Quota.Node.DEPARTMENT:
            return quota.node_id in callers.of_member(member).departments
        case Quota.Node.KEY:
            return member.api_keys.filter(pk=quota.node_id).exists()
        case _:
            return True


def _window_end(quota: Quota | None, *, now: datetime) -> datetime | None:
    if quota is None:
        return None
    running = QuotaWindow.objects.filter(quota=quota, starts_at__lte=now, ends_at__gt=now)
    ends: datetime | None = running.order_by("-starts_at").values_list("ends_at", flat=True).first()
    return ends


def _answer(extra: Extra, *, state: str, by: Member | None, now: datetime, granted: int | None = None) -> None:
    waiting = Extra.objects.filter(pk=extra.pk, state__in=EXTRA_MOVES.before(state), expires_at__gt=now)
    if not waiting.update(state=state, answered_by=by, answered_at=now, granted=granted):
        raise ExtraEnded


def _give(extra: Extra, amount: int, *, by: Member, now: datetime) -> None:
    match extra.about:
        case Extra.About.QUOTA:
            assert extra.quota_id is not None
            if ledger.give_extra(extra.quota_id, amount=amount) is None:
                raise ExtraEnded
        case Extra.About.MINUTES:
            ledger.give_minutes(extra.member_id, minutes=amount)
        case _:
            Awake.objects.update_or_create(
                member=extra.member,
                defaults={"until": now + timedelta(minutes=amount), "given_by": by.user},
            )
