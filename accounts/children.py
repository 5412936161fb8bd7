"""Lines of children: opened with a guardian's recorded consent, and the limits that the guardian sets."""

import itertools
from dataclasses import asdict, dataclass
from datetime import date, datetime, time

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.urls import reverse

from accounts import audit, legal_texts, members, names, notifications
from accounts.models import Account, Agreement, Guardianship, LegalText, Member, Scenario, User
from accounts.models.child import MINUTES_A_DAY, OF_AGE
from portal.kit.refusals import Refusal, gettext_noop

MOST_CHILDREN = 10
YOUNGEST = 3
READ_UNTIL_AGE = 14
USUAL_MINUTES = {Guardianship.Tier.UNDER_18: 120}
FEWEST_MINUTES = 60
USUAL_QUIET = (time(22), time(6))
PIN_DIGITS = (4, 6)


class NotForBusinesses(Refusal):
    """Only households have children."""

    code = "not_for_businesses"
    status = 409
    sentence = gettext_noop("Lines of children belong to households. Found a household first; it takes a minute.")


class NoFilter(Refusal):
    """The portal has no content filter, and without one no child's line opens."""

    code = "no_content_filter"
    status = 503
    sentence = gettext_noop(
        "This portal has no content filter at the moment, so no child's line can open. Ask support."
    )


class NotAChild(Refusal):
    """The month of birth is not that of a child of three to seventeen."""

    code = "not_a_child"
    status = 422
    sentence = gettext_noop("A child's line is for ages 3 to 17. Check the month of birth; invite adults instead.")


class TooManyChildren(Refusal):
    """Every list has an end."""

    code = "too_many_children"
    status = 409
    sentence = gettext_noop("A household has at most {most} lines of children. End one that nobody uses.")


class BadPin(Refusal):
    """A PIN is a few digits, and not all the same or in a row."""

    code = "bad_pin"
    status = 422
    sentence = gettext_noop("Choose 4 to 6 digits that are not all the same and not in a row, like 1234.")


class TooOldToBeRead(Refusal):
    """From fourteen on nobody reads what a child writes."""

    code = "too_old_to_be_read"
    status = 409
    sentence = gettext_noop("From 14 on you see minutes, subjects and credits, not words. Nothing was changed.")


class BadLimits(Refusal):
    """The limits do not fit together."""

    code = "bad_limits"
    status = 422
    sentence = gettext_noop("Check the limits: at most 1440 minutes, and quiet hours need a beginning and another end.")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a guardian sets; no `scenario_ids` means every scenario, no minutes means no end."""

    daily_minutes: int | None
    quiet_from: time | None
    quiet_to: time | None
    scenario_ids: tuple[int, ...] | None = None
    is_tutored: bool = True


@transaction.atomic
def open(  # noqa: A001 - the verb of a line, always written children.open
    guardian: Member, *, nickname: str, born_in: date, pin: str, language: str, now: datetime
) -> Member:
    """This will open a line for a child; the guardian has read the consent text and agrees to it by this.

    Raises `OwnersOnly`, `NotForBusinesses`, `NoFilter`, `NotAChild`, `TooManyChildren`, `BadPin`, `names.BadName`.
    """
    members.check_owner(guardian)
    account = guardian.account
    if account.kind != Account.Kind.HOUSEHOLD:
        raise NotForBusinesses
    if not settings.CONTENT_FILTER:
        raise NoFilter
    Account.objects.select_for_update().get(pk=account.pk)
    if account.members.active().filter(role=Member.Role.CHILD).count() >= MOST_CHILDREN:
        raise TooManyChildren(most=MOST_CHILDREN)
    text = legal_texts.in_force(LegalText.Kind.GUARDIAN, language=language, now=now)
    assert text is not None, "the consent text is published by a migration"
    Agreement.objects.get_or_create(user=guardian.user, legal_text=text, defaults={"agreed_at": now})
    child = _make(guardian, nickname=names.check(nickname), now=now)
    guardianship = Guardianship(
        member=child,
        born_in=born_in.replace(day=1),
        consented_at=now,
        consented_by=guardian.user,
        consent_text=text,
        pin_digest=_digest(pin),
        quiet_from=USUAL_QUIET[0],
        quiet_to=USUAL_QUIET[1],
    )
    today = account.local_day(now)
    if not YOUNGEST <= guardianship.age(today) < OF_AGE:
        raise NotAChild
    guardianship.daily_minutes = USUAL_MINUTES.get(Guardianship.Tier(guardianship.tier(today)), FEWEST_MINUTES)
    guardianship.save(force_insert=True)
    audit.record("child.open", subject=child.name, account=account, by=guardian.user, now=now, consent=text.version)
    return child


@transaction.atomic
def limit(child: Member, limits: Limits, *, by: Member, now: datetime) -> None:
    """This will set a child's limits; they hold from the next question on. Raises `OwnersOnly` and `BadLimits`."""
    members.check_owner(by)
    if not _fit(child, limits):
        raise BadLimits
    given = asdict(limits) | {"scenario_ids": list(limits.scenario_ids) if limits.scenario_ids is not None else None}
    before = Guardianship.objects.filter(member=child).values(*given).get()
    Guardianship.objects.filter(member=child).update(**given)
    audit.record(
        "child.limit",
        subject=child.name,
        account=child.account,
        by=by.user,
        now=now,
        before=_told(before),
        after=_told(given),
    )


@transaction.atomic
def set_pin(child: Member, *, pin: str, by: Member, now: datetime) -> None:
    """This will give a child another PIN and forget the wrong tries. Raises `OwnersOnly` and `BadPin`."""
    members.check_owner(by)
    digest = _digest(pin)
    Guardianship.objects.filter(member=child).update(pin_digest=digest, pin_failures=0, pin_locked_until=None)
    audit.record("child.set_pin", subject=child.name, account=child.account, by=by.user, now=now)


@transaction.atomic
def begin_reading(child: Member, *, by: Member, now: datetime) -> None:
    """This will let the guardians read what a child under fourteen writes from now on; the child is told.

    Raises `OwnersOnly` and `TooOldToBeRead`.
    """
    members.check_owner(by)
    guardianship = Guardianship.objects.select_related("member__account").get(member=child)
    if age(guardianship, now=now) >= READ_UNTIL_AGE:
        raise TooOldToBeRead
    if not Guardianship.objects.filter(member=child, read_since=None).update(read_since=now):
        return
    audit.record("child.begin_reading", subject=child.name, account=child.account, by=by.user, now=now)
    notifications.tell(
        [child],
        kind="reading_began",
        sentence=gettext_noop("From now on {name} can read what you write here."),
        path=reverse("chat"),
        now=now,
        name=by.name,
    )


@transaction.atomic
def end_reading(child: Member, *, by: Member, now: datetime) -> None:
    """This will let nobody read it any more. Raises `OwnersOnly`."""
    members.check_owner(by)
    Guardianship.objects.filter(member=child).update(read_since=None)
    audit.record("child.end_reading", subject=child.name, account=child.account, by=by.user, now=now)


def may_be_read(guardianship: Guardianship, *, now: datetime) -> bool:
    """This will tell whether guardians may read at this moment what the child wrote since reading began."""
    return guardianship.read_since is not None and age(guardianship, now=now) < READ_UNTIL_AGE


def age(guardianship: Guardianship, *, now: datetime) -> int:
    """This will return how old the child is by the account's day, in whole years."""
    return guardianship.age(guardianship.member.account.local_day(now))


def _make(guardian: Member, *, nickname: str, now: datetime) -> Member:
    user = User(name=nickname, language=guardian.user.language, created_at=now, guarded_at=now)
    user.set_unusable_password()
    user.save(force_insert=True)
    return Member.objects.create(
        account=guardian.account, user=user, role=Member.Role.CHILD, name=nickname, joined_at=now
    )


def _digest(pin: str) -> str:
    fewest, most = PIN_DIGITS
    if not (pin.isascii() and pin.isdigit() and fewest <= len(pin) <= most):
        raise BadPin
    steps = {int(after) - int(before) for before, after in itertools.pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        raise BadPin
    return make_password(pin)


def _fit(child: Member, limits: Limits) -> bool:
    minutes = limits.daily_minutes is None or 0 <= limits.daily_minutes <= MINUTES_A_DAY
    both = (limits.quiet_from is None) == (limits.quiet_to is None)
    quiet = both and (limits.quiet_from is None or limits.quiet_from != limits.quiet_to)
    ids = set(limits.scenario_ids or ())
    known = Scenario.objects.offered_to(child.account_id).filter(pk__in=ids)
    return minutes and quiet and known.count() == len(ids)


def _told(limits: dict[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, time) else value for name, value in limits.items()}
