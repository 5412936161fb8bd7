"""Scenarios of an account's own: made, renamed and closed; those that everybody is offered stay as they are."""

from datetime import datetime

from django.db import transaction

from accounts import audit, names
from accounts.callers import MOST_SCENARIOS
from accounts.departments import AlreadyClosed
from accounts.members import check_owner
from accounts.models import Account, Guardianship, Member, Scenario
from portal.kit.refusals import Refusal, gettext_noop


class TooManyScenarios(Refusal):
    """Every list has an end."""

    code = "too_many_scenarios"
    status = 409
    sentence = gettext_noop("This account has {most} scenarios. Close one that nobody needs, then make a new one.")


class ScenarioInUse(Refusal):
    """Keys still call for it, or a child may call for it alone."""

    code = "scenario_in_use"
    status = 409
    sentence = gettext_noop(
        "Keys that call for this scenario: {keys}; children who are limited to it: {children}."
        " Revoke the keys or change the children's lines, then close it."
    )


@transaction.atomic
def make(name: str, *, by: Member, now: datetime) -> Scenario:
    """This will make a scenario of the account of `by`.

    Raises `OwnersOnly`, `TooManyScenarios`, `names.NoName` and `names.NameTaken`.
    """
    own = _own(by)
    if len(own) >= MOST_SCENARIOS // 2:  # with those of everybody they fit into one list
        raise TooManyScenarios(most=len(own))
    plain = names.of_thing(name, known=_known(by))
    made = Scenario.objects.create(account=by.account, name=plain, created_at=now)
    audit.record("scenario.make", subject=plain, account=by.account, by=by.user, now=now)
    return made


@transaction.atomic
def rename(scenario: Scenario, *, name: str, by: Member, now: datetime) -> None:
    """This will change what a scenario is called. Raises `OwnersOnly`, `AlreadyClosed` and what names refuse."""
    if scenario.pk not in _own(by):
        raise AlreadyClosed
    plain = names.of_thing(name, known=_known(by) - {scenario.name})
    Scenario.objects.filter(pk=scenario.pk).update(name=plain)
    audit.record("scenario.rename", subject=plain, account=by.account, by=by.user, now=now, before=scenario.name)


@transaction.atomic
def close(scenario: Scenario, *, by: Member, now: datetime) -> None:
    """This will end a scenario that nobody depends on; it stays in the figures.

    Raises `OwnersOnly`, `AlreadyClosed` and `ScenarioInUse`.
    """
    if scenario.pk not in _own(by):
        raise AlreadyClosed
    keys = scenario.api_keys.in_use(now).count()
    limited = Guardianship.objects.filter(scenario_ids__contains=[scenario.pk], member__left_at=None)
    if keys or limited.exists():
        raise ScenarioInUse(keys=keys, children=limited.count())
    Scenario.objects.in_use().filter(pk=scenario.pk).update(closed_at=now)
    audit.record("scenario.close", subject=scenario.name, account=by.account, by=by.user, now=now)


def _own(by: Member) -> set[int]:
    """Those in use, under the lock of the account: one changes them at a time."""
    check_owner(by)
    Account.objects.select_for_update(no_key=True).get(pk=by.account_id)
    return set(Scenario.objects.in_use().filter(account=by.account_id).values_list("pk", flat=True))


def _known(by: Member) -> set[str]:
    """As they are stored and as the reader sees them."""
    offered = list(Scenario.objects.offered_to(by.account_id))
    return {each.name for each in offered} | {str(each) for each in offered}
