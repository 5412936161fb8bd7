"""Carries a file out: all of it or nothing, people first, quotas last, so that calls wait for as short as can be."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from accounts import audit, departments, invitations, members, projects
from accounts.invitations import Place
from accounts.models import Account, Department, Member
from plans import quotas
from plans.bulk import checks, slices
from plans.bulk.rehearsal import Act, Rehearsal, rehearse
from plans.bulk.sheet import Row, Sheet, fold
from plans.bulk.stock import Stock, id_of, node_of, says_anew, take
from plans.bulk.trees import lineage
from plans.models import Quota
from portal.kit.refusals import Refusal, gettext_noop


class NotSound(Refusal):
    """The file has mistakes, perhaps since somebody changed the account."""

    code = "file_not_sound"
    status = 409
    sentence = gettext_noop(
        "The file has mistakes: {mistakes}. Nothing was changed; choose it again to see them line by line."
    )


@transaction.atomic
def carry_out(account: Account, sheet: Sheet, *, by: Member, now: datetime) -> Rehearsal:
    """This will do what the rehearsal of this moment tells, in one transaction, and return it.

    Raises `OwnersOnly`, `NotForHouseholds`, `NotSound` and what the single verbs refuse.
    """
    assert by.account_id == account.pk
    members.check_owner(by)
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    plan = rehearse(account, sheet, now=now)
    if not plan.is_sound:
        raise NotSound(mistakes=len(plan.mistakes))
    standing = _arrange(plan, by=by, now=now)
    for step in plan.of("project", Act.MADE):
        projects.make(step.row.name, by=by, now=now)
    _place(plan, standing, by=by, now=now)
    invited = [_invited(step.row, plan.stock, standing) for step in plan.of("member", Act.MADE)]
    invitations.invite_list(by, invited, now=now)
    _set_quotas(account, plan, by=by, now=now)
    told = {count.thing: [count.made, count.changed, count.left] for count in plan.counts}
    audit.record("bulk.carry_out", subject=account.name, account=account, by=by.user, now=now, counts=told)
    return plan


def _arrange(plan: Rehearsal, *, by: Member, now: datetime) -> dict[str, Department]:
    """From the top down: whoever is placed finds what is above in its place already, so no circle arises between."""
    standing = dict(plan.stock.departments)
    steps = [*plan.of("department", Act.MADE), *plan.of("department", Act.CHANGED)]
    for step in sorted(steps, key=lambda each: len(lineage(plan.tree, fold(each.row.name)))):
        row, parent = step.row, standing.get(fold(step.row.parent))
        if step.act == Act.MADE:
            standing[fold(row.name)] = departments.make(row.name, parent=parent, by=by, now=now)
        else:
            departments.move(standing[fold(row.name)], parent=parent, by=by, now=now)
    return standing


def _place(plan: Rehearsal, standing: dict[str, Department], *, by: Member, now: datetime) -> None:
    for step in plan.of("member", Act.CHANGED):
        member = plan.stock.members[step.row.contact]
        department = standing.get(fold(step.row.department))
        members.place(member, role=step.row.role or member.role, department=department, by=by, now=now)


def _invited(row: Row, stock: Stock, standing: dict[str, Department]) -> Place:
    department = standing.get(fold(row.department))
    return Place(
        way=row.way,
        contact=row.contact,
        name=row.name,
        role=checks.role_of(row, None, stock.invitations.get(row.contact)),
        department_id=department.pk if department else None,
        monthly_microcredits=row.monthly_microcredits,
    )


def _set_quotas(account: Account, plan: Rehearsal, *, by: Member, now: datetime) -> None:
    steps = [*plan.of("quota", Act.MADE), *plan.of("quota", Act.CHANGED)]
    stock = take(account, now=now) if steps else plan.stock
    for step in steps:
        kind, key = node_of(step.row)
        node_id = id_of(stock, kind, key)
        assert node_id is not None
        terms = _terms(step.row, stock.quota_of(kind, node_id))
        quotas.put(account, node_kind=kind, node_id=node_id, terms=terms, by=by.user, now=now)


def _terms(row: Row, standing: Quota | None) -> quotas.Terms:
    """What a file does not say stays: whether it is set aside, the grace of a ceiling, a share of the plan."""
    is_slice = slices.is_slice(row, standing)
    terms = quotas.Terms(
        window=Quota.Window.MONTH,
        limit=row.monthly_microcredits or 0,
        is_slice=is_slice,
        grace_percent=standing.grace_percent if standing and not is_slice else 0,
    )
    if standing is None or says_anew(row, standing):
        return terms
    return replace(terms, limit=standing.limit, unit=standing.unit, said=standing.said)
