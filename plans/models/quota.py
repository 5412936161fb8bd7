"""What part of an account may use in a window of time or in a session, and how much of it is used."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

LARGEST_LIMIT = 10**16
MOST_GRACE_PERCENT = 100
LONGEST_SESSION = 64


class QuotaQuerySet(models.QuerySet["Quota"]):
    """Questions about quotas."""

    def in_force(self) -> Self:
        """This will leave out the quotas that were ended."""
        return self.filter(ended_at=None)


class Quota(models.Model):
    """A limit on what an account, a department, a project, a member, a key or a scenario uses in a window.

    It counts credits, calls, tokens, or how many calls are open at once; of all models or of one. A session is what
    callers name so: each has a window of its own, and calls that name none share one.

    It is a ceiling on the account's pool, or a slice of it that is set aside: then nobody else draws on what is
    left of it. With grace it is soft: past the limit calls go on for so many percent, and the caller is told.
    It was `raised_at` the last moment at which its limit grew, or what was a ceiling was set aside.
    """

    class Node(models.TextChoices):
        ACCOUNT = "account", _("account")
        DEPARTMENT = "department", _("department")
        PROJECT = "project", _("project")
        MEMBER = "member", _("member")
        KEY = "key", _("API key")
        SCENARIO = "scenario", _("scenario")

    class Window(models.TextChoices):
        MINUTE = "minute", _("minute")
        NIGHT_HOUR = "night_hour", _("hour of the night")
        FIVE_HOURS = "five_hours", _("5 hours")
        DAY = "day", _("day")
        WEEK = "week", _("week")
        MONTH = "month", _("month")
        LIFETIME = "lifetime", _("lifetime")
        SESSION = "session", _("session")

    class Unit(models.TextChoices):
        CREDITS = "credits", _("credits")
        MONEY = "money", _("money's worth")
        SHARE = "share", _("percent of the plan")

    class Metric(models.TextChoices):
        MICROCREDITS = "microcredits", _("credits")
        CALLS = "calls", _("calls")
        TOKENS = "tokens", _("tokens")
        AT_ONCE = "at_once", _("calls at once")

    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    node_kind = models.CharField(_("for"), max_length=16, choices=Node)
    node_id = models.BigIntegerField(_("its id"))
    window = models.CharField(_("window"), max_length=16, choices=Window)
    metric = models.CharField(_("counted in"), max_length=16, choices=Metric, default=Metric.MICROCREDITS)
    chat_model = models.ForeignKey(
        "models_catalog.ChatModel",
        models.PROTECT,
        related_name="+",
        db_index=False,
        null=True,
        blank=True,
        verbose_name=_("only for the model"),
    )
    limit = models.BigIntegerField(_("at most"))
    unit = models.CharField(_("said in"), max_length=8, choices=Unit, default=Unit.CREDITS)
    said = models.BigIntegerField(_("said"), null=True, blank=True)
    grace_percent = models.SmallIntegerField(_("grace, in percent"), default=0)
    is_slice = models.BooleanField(_("set aside"), default=False)
    is_brake = models.BooleanField(_("brake of a new key"), default=False)
    created_at = models.DateTimeField(_("made"))
    raised_at = models.DateTimeField(_("raised"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = QuotaQuerySet.as_manager()

    class Meta:
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        constraints = (
            models.UniqueConstraint(
                name="quota_once_a_window",
                fields=["account", "node_kind", "node_id", "window", "metric", "chat_model"],
                condition=Q(ended_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="quota_limit_sane", condition=Q(limit__gte=0, limit__lte=LARGEST_LIMIT)),
            models.CheckConstraint(
                name="quota_grace_sane", condition=Q(grace_percent__gte=0, grace_percent__lte=MOST_GRACE_PERCENT)
            ),
            models.CheckConstraint(
                name="quota_slice_of_credits",
                condition=Q(is_slice=False)
                | Q(metric="microcredits", grace_percent=0, chat_model=None)
                & ~Q(node_kind="account")
                & ~Q(window__in=["minute", "session"]),
            ),
            models.CheckConstraint(
                name="quota_said",
                condition=Q(unit="credits", said=None)
                | Q(unit="money", said__gte=0, metric="microcredits")
                | Q(unit="share", said__gte=0, said__lte=100, metric="microcredits"),
            ),
            models.CheckConstraint(
                name="quota_metric_known", condition=Q(metric__in=["microcredits", "calls", "tokens", "at_once"])
            ),
            models.CheckConstraint(name="quota_at_once", condition=~Q(metric="at_once") | Q(window="lifetime")),
            models.CheckConstraint(
                name="quota_node_known",
                condition=Q(node_kind__in=["account", "department", "project", "member", "key", "scenario"]),
            ),
            models.CheckConstraint(
                name="quota_window_known",
                condition=Q(
                    window__in=["minute", "night_hour", "five_hours", "day", "week", "month", "lifetime", "session"]
                ),
            ),
        )

    def __str__(self) -> str:
        return f"{self.node_kind} {self.node_id} a {self.window}"

    @property
    def counts_days_of_credits(self) -> bool:
        """Whether it says what somebody may use in days: credits, of all models, not of a minute or a session."""
        is_of_all = self.metric == self.Metric.MICROCREDITS and self.chat_model_id is None
        return is_of_all and self.window not in {self.Window.MINUTE, self.Window.SESSION}


class QuotaWindow(models.Model):
    """One stretch of a quota: what its calls have used and what the open ones hold, in the quota's metric.

    Of calls at once it holds each open one and uses nothing. That of a session ends 60 days after its last call.
    `extra` is what it has on top of the limit, or less: asked for, borrowed, lent. It ends with the window.
    """

    quota = models.ForeignKey(Quota, models.PROTECT, related_name="windows", db_index=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    used = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    extra = models.BigIntegerField(db_default=0)
    metric = models.CharField(max_length=16, choices=Quota.Metric, db_default="microcredits")
    session = models.CharField(max_length=LONGEST_SESSION, db_default="", blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(name="quota_window_once", fields=["quota", "session", "starts_at"]),
            models.CheckConstraint(name="quota_window_not_negative", condition=Q(used__gte=0, held__gte=0)),
            models.CheckConstraint(
                name="quota_window_ends_after_start",
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.quota_id} from {self.starts_at}"
