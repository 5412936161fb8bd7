"""Who sees which figures: everybody their own, a head those of the department, who leads or audits all of them."""

from django.db.models import Q

from accounts.models import Department, Member
from accounts.models.account import DepartmentQuerySet


def figures_seen_by(member: Member) -> Q:
    """This will keep the calls or totals whose figures `member` may see; never what anybody wrote.

    A head sees what was used in the own department, as it stood then.
    """
    if member.sees_all():
        return Q(account_id=member.account_id)
    led = led_by(member)
    own = Q(member_id=member.pk) if led is None else Q(member_id=member.pk) | Q(departments__contains=[led])
    return own & Q(account_id=member.account_id)


def departments_seen_by(member: Member) -> DepartmentQuerySet:
    """This will return the departments whose figures `member` may open."""
    if member.sees_all():
        return Department.objects.filter(account=member.account_id)
    led = led_by(member)
    return Department.objects.none() if led is None else Department.objects.below(led)


def led_by(member: Member) -> int | None:
    """This will return the department that `member` is the head of."""
    return member.department_id if member.role == Member.Role.HEAD else None
