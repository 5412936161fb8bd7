"""More than a quota gives, for a while: asked for by a member, or lent by one department to another."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Department, Member
from plans.models.quota import LARGEST_LIMIT, Quota, QuotaWindow
from portal.kit.moves import moves

EXTRA_MOVES = moves(open="approved declined withdrawn", approved="", declined="", withdrawn="")


class ExtraQuerySet(models.QuerySet["Extra"]):
    """Questions about requests."""

    def waiting(self, *, now: datetime) -> Self:
        """This will keep those that nobody has answered and that still make sense."""
        return self.filter(state=Extra.State.OPEN, expires_at__gt=now)

    def seen_by(self, member: Member) -> Self:
        """This will keep what `member` may see: an owner all, a head those of the people led, others their own."""
        if member.owns():
            return self.filter(account=member.account_id)
        if member.role == Member.Role.HEAD:
            return self.filter(member__in=Member.objects.seen_by(member))
        return self.filter(member=member)


class Extra(models.Model):
    """A member asks for more: of a quota, more minutes today, or some time in quiet hours.

    `asked` and `granted` count in the quota's metric or in minutes; without a figure whoever answers chooses one.
    """

    class About(models.TextChoices):
        QUOTA = "quota", _("quota")
        MINUTES = "minutes", _("minutes a day")
        QUIET_HOURS = "quiet_hours", _("quiet hours")

    class State(models.TextChoices):
        OPEN = "open", _("waits for an answer")
        APPROVED = "approved", _("approved")
        DECLINED = "declined", _("declined")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("account"))
    member = models.ForeignKey("accounts.Member", models.PROTECT, related_name="+", verbose_name=_("who asks"))
    about = models.CharField(_("about"), max_length=12, choices=About)
    quota = models.ForeignKey(Quota, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("quota"))
    asked = models.BigIntegerField(_("how much"), null=True, blank=True)
    reason = models.CharField(_("what for"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    created_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("lapses"))
    granted = models.BigIntegerField(_("granted"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        "accounts.Member", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )

    objects = ExtraQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for more")
        verbose_name_plural = _("requests for more")
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                name="extra_asked_once_a_quota",
                fields=["member", "about", "quota"],
                condition=Q(state="open"),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="extra_about_a_quota",
                condition=Q(about="quota", quota__isnull=False) | Q(about__in=["minutes", "quiet_hours"], quota=None),
            ),
            models.CheckConstraint(
                name="extra_state",
                condition=Q(state="open", granted=None, answered_at=None)
                | Q(state="approved", granted__gt=0, answered_at__isnull=False, answered_by__isnull=False)
                | Q(state__in=["declined", "withdrawn"], granted=None, answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="extra_sane",
                condition=(Q(asked=None) | Q(asked__gt=0, asked__lte=LARGEST_LIMIT))
                & (Q(granted=None) | Q(granted__lte=LARGEST_LIMIT)),
            ),
        )
        indexes = (
            models.Index(name="extra_of_account", fields=["account", "-created_at"]),
            models.Index(name="extra_of_member", fields=["member", "-created_at"]),
        )

    def __str__(self) -> str:
        return f"{self.member_id} {self.about} {self.state}"


class LoanQuerySet(models.QuerySet["Loan"]):
    """Questions about loans."""

    def seen_by(self, member: Member) -> Self:
        """This will keep what `member` may see: of the whole account, or of the departments that a head leads."""
        led = Department.objects.seen_by(member).values("pk")
        either = Q(lender_window__quota__node_id__in=led) | Q(borrower_window__quota__node_id__in=led)
        return self.filter(either, account=member.account_id)


class Loan(models.Model):
    """Credits that one department leaves to another; both windows end together, and with them the loan.

    What has not been used goes back before that when somebody returns it.
    """

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+", verbose_name=_("account"))
    lender_window = models.ForeignKey(QuotaWindow, models.PROTECT, related_name="+", verbose_name=_("from"))
    borrower_window = models.ForeignKey(QuotaWindow, models.PROTECT, related_name="+", verbose_name=_("to"))
    microcredits = models.BigIntegerField(_("microcredits"))
    reason = models.CharField(_("why"), max_length=200, blank=True)
    lent_by = models.ForeignKey("accounts.Member", models.PROTECT, related_name="+", verbose_name=_("lent by"))
    lent_at = models.DateTimeField(_("lent at"))
    ends_at = models.DateTimeField(_("until"))
    returned = models.BigIntegerField(_("returned, in microcredits"), default=0)
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)

    objects = LoanQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        ordering = ("-lent_at", "-pk")
        constraints = (
            models.CheckConstraint(name="loan_positive", condition=Q(microcredits__gt=0)),
            models.CheckConstraint(
                name="loan_returned_sane", condition=Q(returned__gte=0, returned__lte=F("microcredits"))
            ),
            models.CheckConstraint(name="loan_to_another", condition=~Q(lender_window=F("borrower_window"))),
        )
        indexes = (models.Index(name="loan_of_account", fields=["account", "-lent_at"]),)

    def __str__(self) -> str:
        return f"{self.microcredits} until {self.ends_at}"


class ChildDay(models.Model):
    """The blocks of five minutes of one day in which a child asked something, and the minutes given on top."""

    pk = models.CompositePrimaryKey("member_id", "day")
    member_id = models.BigIntegerField()
    day = models.DateField()
    blocks = ArrayField(models.SmallIntegerField(), default=list)
    extra_minutes = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.member_id} {self.day}"


class Awake(models.Model):
    """Until when a child may ask in spite of quiet hours."""

    member = models.OneToOneField("accounts.Member", models.PROTECT, primary_key=True, related_name="+")
    until = models.DateTimeField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.member_id} until {self.until}"
