"""What slices did not use flows back to the pool within the month: on which days, and what came of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plans.models.quota import QuotaWindow

FIRST_DAY, LAST_DAY = 2, 28
"""Days that every month has, and before which some of it has passed."""
MOST_FLOOR_PERCENT = 100


class ReclaimRule(models.Model):
    """On which days of the month an account reclaims, and how much of each slice always stays; no day: never.

    All that was due up to `done_date`, by the account's calendar, is done or was not wanted then.
    """

    account = models.OneToOneField(
        "accounts.Account", models.PROTECT, primary_key=True, related_name="+", verbose_name=_("account")
    )
    days = ArrayField(models.SmallIntegerField(), verbose_name=_("days of the month"), default=list, blank=True)
    floor_percent = models.SmallIntegerField(_("always stays, in percent"))
    done_date = models.DateField(_("done up to"))

    class Meta:
        verbose_name = _("rule of reclaiming")
        verbose_name_plural = _("rules of reclaiming")
        constraints = (
            models.CheckConstraint(
                name="reclaim_floor_sane", condition=Q(floor_percent__gte=0, floor_percent__lte=MOST_FLOOR_PERCENT)
            ),
            models.CheckConstraint(
                name="reclaim_days_sane", condition=Q(days__contained_by=list(range(FIRST_DAY, LAST_DAY + 1)))
            ),
        )

    def __str__(self) -> str:
        return f"account {self.account_id} on {self.days}"


class Reclaim(models.Model):
    """What flowed back from one slice on one day; the month is that of its window, and with it this ends.

    An owner may return it before that. Nobody does where the slice was set lower than it would leave it anything.
    """

    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    window = models.ForeignKey(QuotaWindow, models.PROTECT, related_name="+", db_index=False, verbose_name=_("from"))
    due_date = models.DateField(_("day"))
    microcredits = models.BigIntegerField(_("microcredits"))
    reclaimed_at = models.DateTimeField(_("reclaimed at"))
    ends_at = models.DateTimeField(_("until"))
    returned_at = models.DateTimeField(_("returned at"), null=True, blank=True)
    returned_by = models.ForeignKey(
        "accounts.Member", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("returned by")
    )

    class Meta:
        verbose_name = _("reclaim")
        verbose_name_plural = _("reclaims")
        ordering = ("-reclaimed_at", "-pk")
        constraints = (
            models.UniqueConstraint(name="reclaim_once_a_day", fields=["window", "due_date"]),
            models.CheckConstraint(name="reclaim_positive", condition=Q(microcredits__gt=0)),
            models.CheckConstraint(
                name="reclaim_returned_once_by_one", condition=Q(returned_by=None) | Q(returned_at__isnull=False)
            ),
        )
        indexes = (models.Index(name="reclaim_of_account", fields=["account", "-reclaimed_at"]),)

    def __str__(self) -> str:
        return f"{self.microcredits} on {self.due_date}"
