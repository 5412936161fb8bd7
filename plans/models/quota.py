"""What part of an account may spend in a window of time, and how much of it is used."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Quota(models.Model):
    """A limit in microcredits on an account, a department, a project, a member, a key or a scenario."""

    class Node(models.TextChoices):
        ACCOUNT = "account", _("account")
        DEPARTMENT = "department", _("department")
        PROJECT = "project", _("project")
        MEMBER = "member", _("member")
        KEY = "key", _("API key")
        SCENARIO = "scenario", _("scenario")

    class Window(models.TextChoices):
        DAY = "day", _("day")
        WEEK = "week", _("week")
        MONTH = "month", _("month")
        LIFETIME = "lifetime", _("lifetime")

    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    node_kind = models.CharField(_("for"), max_length=16, choices=Node)
    node_id = models.BigIntegerField(_("its id"))
    window = models.CharField(_("window"), max_length=16, choices=Window)
    limit_microcredits = models.BigIntegerField(_("at most, in microcredits"))
    created_at = models.DateTimeField(_("made"))

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        constraints = (
            models.UniqueConstraint(name="quota_once_a_window", fields=["account", "node_kind", "node_id", "window"]),
            models.CheckConstraint(name="quota_limit_not_negative", condition=Q(limit_microcredits__gte=0)),
            models.CheckConstraint(
                name="quota_node_known",
                condition=Q(node_kind__in=["account", "department", "project", "member", "key", "scenario"]),
            ),
            models.CheckConstraint(
                name="quota_window_known", condition=Q(window__in=["day", "week", "month", "lifetime"])
            ),
        )

    def __str__(self) -> str:
        return f"{self.node_kind} {self.node_id} a {self.window}"


class QuotaWindow(models.Model):
    """One stretch of a quota: what its calls have used and what the open ones hold, in microcredits."""

    quota = models.ForeignKey(Quota, models.PROTECT, related_name="windows", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    used = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="quota_window_once", fields=["quota", "starts_at"]),
            models.CheckConstraint(name="quota_window_not_negative", condition=Q(used__gte=0, held__gte=0)),
            models.CheckConstraint(
                name="quota_window_ends_after_start",
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.quota_id} from {self.starts_at}"
