"""Projects of a business: made, renamed and closed; what was used stays with them."""

from datetime import datetime

from django.db import transaction

from accounts import audit, departments, names
from accounts.departments import AlreadyClosed
from accounts.members import check_owner
from accounts.models import Account, Member, Project
from portal.kit.refusals import Refusal, gettext_noop

MOST_PROJECTS = 500


class TooManyProjects(Refusal):
    """Every list has an end."""

    code = "too_many_projects"
    status = 409
    sentence = gettext_noop("This account has {most} projects. Close one that has ended, then make a new one.")


class ProjectInUse(Refusal):
    """Keys still call for it."""

    code = "project_in_use"
    status = 409
    sentence = gettext_noop("Keys that call for this project: {keys}. Revoke them under Keys, then close it.")


@transaction.atomic
def make(name: str, *, by: Member, now: datetime) -> Project:
    """This will make a project of the account of `by`.

    Raises `NotForHouseholds`, `OwnersOnly`, `TooManyProjects`, `names.NoName` and `names.NameTaken`.
    """
    departments.check_business(by.account)
    known = _known(by)
    if len(known) >= MOST_PROJECTS:
        raise TooManyProjects(most=MOST_PROJECTS)
    plain = names.of_thing(name, known=known.values())
    made = Project.objects.create(account=by.account, name=plain, created_at=now)
    audit.record("project.make", subject=plain, account=by.account, by=by.user, now=now)
    return made


@transaction.atomic
def rename(project: Project, *, name: str, by: Member, now: datetime) -> None:
    """This will change what a project is called. Raises `OwnersOnly`, `AlreadyClosed` and what names refuse."""
    known = _known(by)
    if known.pop(project.pk, None) is None:
        raise AlreadyClosed
    plain = names.of_thing(name, known=known.values())
    Project.objects.filter(pk=project.pk).update(name=plain)
    audit.record("project.rename", subject=plain, account=by.account, by=by.user, now=now, before=project.name)


@transaction.atomic
def close(project: Project, *, by: Member, now: datetime) -> None:
    """This will end a project for which no key calls; it stays in the figures.

    Raises `OwnersOnly`, `AlreadyClosed` and `ProjectInUse`.
    """
    if project.pk not in _known(by):
        raise AlreadyClosed
    if keys := project.api_keys.in_use(now).count():
        raise ProjectInUse(keys=keys)
    Project.objects.in_use().filter(pk=project.pk).update(closed_at=now)
    audit.record("project.close", subject=project.name, account=by.account, by=by.user, now=now)


def _known(by: Member) -> dict[int, str]:
    """The names of those in use, under the lock of the account: one changes them at a time."""
    check_owner(by)
    Account.objects.select_for_update(no_key=True).get(pk=by.account_id)
    return dict(Project.objects.in_use().filter(account=by.account_id).values_list("pk", "name"))
