"""A household or a business that pays, and who and what belongs to it."""

from datetime import date, datetime
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User


def _named_once(noun: str) -> models.UniqueConstraint:
    """Among those in use, whatever the case: files of people name them by name."""
    return models.UniqueConstraint(
        "account", Lower("name"), condition=models.Q(closed_at=None), name=f"{noun}_named_once"
    )


class Account(models.Model):
    """What calls are charged to."""

    class Kind(models.TextChoices):
        HOUSEHOLD = "household", _("Household")
        BUSINESS = "business", _("Business")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("name"), max_length=100)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Asia/Shanghai")
    created_at = models.DateTimeField(_("founded"))
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=models.Q(kind__in=["household", "business"]), name="account_kind"),
            models.CheckConstraint(condition=~models.Q(name=""), name="account_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def local_day(self, moment: datetime) -> date:
        """This will return the day that `moment` falls on where the account is."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


class DepartmentQuerySet(models.QuerySet["Department"]):
    """Questions about departments."""

    def below(self, department_id: int) -> Self:
        """This will keep a department and all that stand inside it, however deep."""
        found, level = {department_id}, {department_id}
        while level:
            level = set(self.filter(parent__in=level).values_list("pk", flat=True)) - found
            found |= level
        return self.filter(pk__in=found)

    def in_use(self) -> Self:
        """This will leave out the closed ones."""
        return self.filter(closed_at=None)

    def seen_by(self, member: "Member") -> Self:
        """This will keep what `member` may see: all of the account, or what a head leads."""
        if member.sees_all():
            return self.filter(account=member.account_id)
        return self.led_by(member)

    def led_by(self, member: "Member") -> Self:
        """This will keep the departments in which `member` may make others."""
        if member.owns():
            return self.filter(account=member.account_id)
        if member.role == Member.Role.HEAD and member.department_id:
            return self.below(member.department_id).filter(account=member.account_id)
        return self.none()

    def changed_by(self, member: "Member") -> Self:
        """This will keep what `member` may rename, move and close: a head only what stands below the own one."""
        return self.led_by(member) if member.owns() else self.led_by(member).exclude(pk=member.department_id)


class Department(models.Model):
    """A named group of members of a business; may stand inside another."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="departments", verbose_name=_("account"))
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    name = models.CharField(_("name"), max_length=100)
    created_at = models.DateTimeField(_("made"))
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = DepartmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="department_is_not_its_own_parent",
            ),
            _named_once("department"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectQuerySet(models.QuerySet["Project"]):
    """Questions about projects."""

    def in_use(self) -> Self:
        """This will leave out the closed ones."""
        return self.filter(closed_at=None)

    def seen_by(self, member: "Member") -> Self:
        """This will keep the account's, for who sees all of it."""
        return self.filter(account=member.account_id) if member.sees_all() else self.none()


class Project(models.Model):
    """A piece of work of a business; a call belongs to at most one."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="projects", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=100)
    created_at = models.DateTimeField(_("made"))
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints: ClassVar[list[models.BaseConstraint]] = [_named_once("project")]

    def __str__(self) -> str:
        return self.name


class ScenarioQuerySet(models.QuerySet["Scenario"]):
    """Questions about scenarios."""

    def offered_to(self, account_id: int) -> Self:
        """This will keep an account's own and those of everybody, by name, without the closed ones."""
        return self.in_use().filter(models.Q(account=account_id) | models.Q(account=None)).order_by("name", "pk")

    def in_use(self) -> Self:
        """This will leave out the closed ones."""
        return self.filter(closed_at=None)

    def seen_by(self, member: "Member") -> Self:
        """This will keep the account's own, for who sees all of it."""
        return self.filter(account=member.account_id) if member.sees_all() else self.none()


class Scenario(models.Model):
    """What calls are for (homework, support); without an account it is offered to all of them, in their language."""

    OFFERED = (
        gettext_noop("Homework"),
        gettext_noop("Languages"),
        gettext_noop("Stories and play"),
        gettext_noop("Letters and texts"),
        gettext_noop("Translation"),
        gettext_noop("Shop and customers"),
        gettext_noop("Coding"),
        gettext_noop("Research"),
        gettext_noop("Taxes and finance"),
        gettext_noop("Contracts and compliance"),
    )

    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="scenarios", verbose_name=_("account")
    )
    name = models.CharField(_("name"), max_length=100)
    created_at = models.DateTimeField(_("made"))
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        verbose_name = _("scenario")
        verbose_name_plural = _("scenarios")
        constraints: ClassVar[list[models.BaseConstraint]] = [_named_once("scenario")]

    def __str__(self) -> str:
        return gettext(self.name) if self.account_id is None else self.name


class MemberQuerySet(models.QuerySet["Member"]):
    """Questions about who belongs where."""

    def active(self) -> Self:
        """This will keep those who have not left."""
        return self.filter(left_at__isnull=True)

    def of(self, user: User) -> Self:
        """This will keep the memberships of one person."""
        return self.filter(user=user)

    def parted(self, *, since: datetime) -> Self:
        """This will keep grown-ups who have left since then."""
        return self.filter(left_at__gt=since).exclude(role=Member.Role.CHILD)

    def seen_by(self, member: "Member") -> Self:
        """This will keep what `member` may see: the own account's people, those of a head, or themselves alone."""
        if member.sees_all():
            return self.filter(account=member.account_id)
        if member.role == Member.Role.HEAD and member.department_id:
            led = Department.objects.below(member.department_id)
            return self.filter(models.Q(department__in=led) | models.Q(pk=member.pk), account=member.account_id)
        return self.filter(pk=member.pk)

    def owners(self) -> Self:
        """This will keep the owners."""
        return self.active().filter(role=Member.Role.OWNER)


class Member(models.Model):
    """A person within an account, with a role."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        BILL_PAYER = "bill_payer", _("Bill payer")
        HEAD = "head", _("Head of a department")
        ADULT = "adult", _("Adult")
        CHILD = "child", _("Child")
        AUDITOR = "auditor", _("Auditor")

    account = models.ForeignKey(Account, models.PROTECT, related_name="members", verbose_name=_("account"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships", verbose_name=_("user")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("department")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role)
    name = models.CharField(_("name"), max_length=100)
    joined_at = models.DateTimeField(_("joined"))
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["account", "user"], condition=models.Q(left_at__isnull=True), name="member_once_an_account"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "bill_payer", "head", "adult", "child", "auditor"]),
                name="member_role",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def leads(self) -> bool:
        """This will tell whether this member sees and changes the whole account."""
        return self.role in {self.Role.OWNER, self.Role.BILL_PAYER}

    def owns(self) -> bool:
        """This will tell whether this member decides about people, quotas and keys."""
        return self.role == self.Role.OWNER

    def sees_all(self) -> bool:
        """This will tell whether this member sees the figures of everybody; never what anybody wrote."""
        return self.leads() or self.role == self.Role.AUDITOR
