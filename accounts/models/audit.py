"""Something someone did, and why; never deleted, and never edited but for the name of who is erased."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account


class AuditEvent(models.Model):
    """One act: who did what to what, when and why."""

    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="audit_events", verbose_name=_("account")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    verb = models.CharField(_("what"), max_length=60)
    subject = models.CharField(_("on what"), max_length=120)
    reason = models.CharField(_("why"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("when"), db_index=True)
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"
