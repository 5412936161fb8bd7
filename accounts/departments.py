"""Departments of a business: made, renamed, moved and closed; what was used stays where it was used."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit, names
from accounts.callers import DEEPEST_NESTING
from accounts.models import Account, Department, Invitation, Member
from portal.kit.refusals import Refusal, gettext_noop

MOST_DEPARTMENTS = 300


class NotForHouseholds(Refusal):
    """Departments and projects are a matter of businesses."""

    code = "not_for_households"
    status = 409
    sentence = gettext_noop(
        "A household has people, and no departments or projects. Found a business, or act for one that you belong to."
    )


class MayNotArrange(Refusal):
    """Owners arrange everything, a head what stands below the own department."""

    code = "may_not_arrange"
    status = 403
    sentence = gettext_noop(
        "Only the owner changes this; a head changes what stands below the own department. Nothing was changed."
    )


class TooManyDepartments(Refusal):
    """Every list has an end."""

    code = "too_many_departments"
    status = 409
    sentence = gettext_noop("This account has {most} departments. Close one that nobody needs, then make a new one.")


class BadRoof(Refusal):
    """The department cannot stand there."""

    code = "bad_roof"
    status = 422
    sentence = gettext_noop(
        "A department stands in another one of the account, never in itself or in what is part of it, and at most"
        " {deepest} deep. Choose another place."
    )


class NotEmpty(Refusal):
    """There is still something in it."""

    code = "department_not_empty"
    status = 409
    sentence = gettext_noop(
        "Still in it: people {people}, departments {departments}, open invitations {invitations}."
        " Move or end them first, then close it."
    )


class AlreadyClosed(Refusal):
    """What is closed does not change any more."""

    code = "already_closed"
    status = 409
    sentence = gettext_noop("This was closed before. Its figures stay; make a new one instead.")


@dataclass(frozen=True)
class Branch:
    """A department in its tree: who heads it, how many people are in it, and what stands in it."""

    department: Department
    heads: Sequence[str]
    people: int
    branches: "Sequence[Branch]"


def check_business(account: Account) -> None:
    """This will refuse households. Raises `NotForHouseholds`."""
    if account.kind != Account.Kind.BUSINESS:
        raise NotForHouseholds


@transaction.atomic
def make(name: str, *, parent: Department | None, by: Member, now: datetime) -> Department:
    """This will make a department of the account of `by`, in `parent` or at the top.

    Raises `NotForHouseholds`, `MayNotArrange`, `TooManyDepartments`, `BadRoof`, `names.NoName` and `names.NameTaken`.
    """
    check_business(by.account)
    others = _lock(by)
    if len(others) >= MOST_DEPARTMENTS:
        raise TooManyDepartments(most=MOST_DEPARTMENTS)
    _check_roof(parent, height=1, by=by, others=others)
    plain = names.of_thing(name, known=[each.name for each in others.values()])
    made = Department.objects.create(account=by.account, parent=parent, name=plain, created_at=now)
    audit.record(
        "department.make", subject=plain, account=by.account, by=by.user, now=now, parent=parent.pk if parent else None
    )
    return made


@transaction.atomic
def rename(department: Department, *, name: str, by: Member, now: datetime) -> None:
    """This will change what a department is called. Raises `MayNotArrange`, `AlreadyClosed` and what names refuse."""
    others = _lock(by)
    _check_change(department, by=by, others=others)
    known = [each.name for each in others.values() if each.pk != department.pk]
    plain = names.of_thing(name, known=known)
    Department.objects.filter(pk=department.pk).update(name=plain)
    audit.record("department.rename", subject=plain, account=by.account, by=by.user, now=now, before=department.name)


@transaction.atomic
def move(department: Department, *, parent: Department | None, by: Member, now: datetime) -> None:
    """This will put a department with all that is in it into another one; calls before stay where they were counted.

    Raises `MayNotArrange`, `AlreadyClosed` and `BadRoof`.
    """
    others = _lock(by)
    _check_change(department, by=by, others=others)
    inside = _inside(department.pk, others)
    if parent is not None and parent.pk in inside:
        raise BadRoof(deepest=DEEPEST_NESTING)
    _check_roof(parent, height=_height(department.pk, others), by=by, others=others)
    before = others[department.pk].parent_id
    Department.objects.filter(pk=department.pk).update(parent=parent)
    moved = [before, parent.pk if parent else None]
    audit.record("department.move", subject=department.name, account=by.account, by=by.user, now=now, parent=moved)


@transaction.atomic
def close(department: Department, *, by: Member, now: datetime) -> None:
    """This will end an empty department; it vanishes from every choice and stays in the figures.

    Invitations that have lapsed end with it. Raises `MayNotArrange`, `AlreadyClosed` and `NotEmpty`.
    """
    _check_change(department, by=by, others=_lock(by))
    invited = Invitation.objects.unanswered().filter(department=department)
    invited.filter(expires_at__lte=now).update(state=Invitation.State.WITHDRAWN, ended_at=now, ended_by=by.user)
    inside = {
        "people": department.members.active().count(),
        "departments": department.children.filter(closed_at=None).count(),
        "invitations": invited.count(),
    }
    if any(inside.values()):
        raise NotEmpty(**inside)
    Department.objects.in_use().filter(pk=department.pk).update(closed_at=now)
    audit.record("department.close", subject=department.name, account=by.account, by=by.user, now=now)


def tree(viewer: Member) -> list[Branch]:
    """This will return the departments in use that `viewer` may see, by name, those at the top first."""
    seen = {each.pk: each for each in Department.objects.in_use().seen_by(viewer).order_by("name", "pk")}
    people = Member.objects.active().filter(department__in=seen)
    counted = Counter(people.values_list("department_id", flat=True))
    heads: dict[int, list[str]] = {}
    for place, name in people.filter(role=Member.Role.HEAD).order_by("name").values_list("department_id", "name"):
        heads.setdefault(place or 0, []).append(name)

    def branches(parent: int | None) -> list[Branch]:
        level = [each for each in seen.values() if (each.parent_id if each.parent_id in seen else None) == parent]
        return [Branch(each, heads.get(each.pk, []), counted[each.pk], branches(each.pk)) for each in level]

    return branches(None)


def paths(branches: Sequence[Branch], *, above: str = "") -> Iterator[tuple[Department, str]]:
    """This will return each department of a tree with the way to it, as choices show it."""
    for branch in branches:
        path = f"{above}{branch.department.name}"
        yield branch.department, path
        yield from paths(branch.branches, above=f"{path} › ")


def _lock(by: Member) -> Mapping[int, Department]:
    """One changes the tree of an account at a time; what is in use of it is read after that."""
    Account.objects.select_for_update(no_key=True).get(pk=by.account_id)
    return {each.pk: each for each in Department.objects.in_use().filter(account=by.account_id)}


def _check_change(department: Department, *, by: Member, others: Mapping[int, Department]) -> None:
    if not Department.objects.changed_by(by).filter(pk=department.pk).exists():
        raise MayNotArrange
    if department.pk not in others:
        raise AlreadyClosed


def _check_roof(parent: Department | None, *, height: int, by: Member, others: Mapping[int, Department]) -> None:
    if parent is None and not by.owns():
        raise MayNotArrange
    if parent is None:
        return
    if not Department.objects.led_by(by).filter(pk=parent.pk).exists():
        raise MayNotArrange
    if parent.pk not in others or _depth(parent.pk, others) + height > DEEPEST_NESTING:
        raise BadRoof(deepest=DEEPEST_NESTING)


def _depth(leaf: int, others: Mapping[int, Department]) -> int:
    node = others.get(leaf)
    depth = 0
    while node is not None:
        depth, node = depth + 1, others.get(node.parent_id or 0)
    return depth


def _inside(root: int, others: Mapping[int, Department]) -> set[int]:
    found, level = {root}, {root}
    while level:
        level = {each.pk for each in others.values() if each.parent_id in level} - found
        found |= level
    return found


def _height(root: int, others: Mapping[int, Department]) -> int:
    height, level = 0, {root}
    while level:
        height, level = height + 1, {each.pk for each in others.values() if each.parent_id in level}
    return height
