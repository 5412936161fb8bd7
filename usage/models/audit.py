"""What the audits of the books found."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditRunQuerySet(models.QuerySet["AuditRun"]):
    """Questions about audits."""

    def newest_first(self) -> "AuditRunQuerySet":
        """This will order by when they were done."""
        return self.order_by("-id")

    def with_age(self) -> "AuditRunQuerySet":
        """This will tell by business time how long ago each was done, as `age`."""
        now = models.Func(function="app_now", output_field=models.DateTimeField())
        age = models.ExpressionWrapper(now - models.F("ended_at"), output_field=models.DurationField())
        return self.annotate(age=age)


class AuditRun(models.Model):
    """One audit: everything, or what moved since the last one that found nothing."""

    is_full = models.BooleanField(_("everything"))
    looked_from = models.DateTimeField(_("what moved from"), null=True)
    looked_until = models.DateTimeField(_("next one begins at"))
    ended_at = models.DateTimeField(_("done at"))
    milliseconds = models.IntegerField(_("took, in milliseconds"))
    violations = models.IntegerField(_("violations"))
    found = models.JSONField(_("what was found"), default=list)
    alarms = models.JSONField(_("alarms"), default=list)
    """What needs a person though the books are in order; the shape of `found`."""

    objects = AuditRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit of the books")
        verbose_name_plural = _("audits of the books")

    def __str__(self) -> str:
        return f"{self.ended_at:%Y-%m-%d %H:%M} ({self.violations})"

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return self.violations == 0
