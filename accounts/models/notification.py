"""Something a member is told, on the page of news and by mail or text message."""

from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Member
from accounts.models.message import Letter


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Questions about notifications."""

    def of(self, member: Member) -> Self:
        """This will keep what one member was told, the newest first."""
        return self.filter(member=member).order_by("-created_at", "-pk")

    def unseen(self) -> Self:
        """This will keep what they have not looked at yet."""
        return self.filter(seen_at=None)


class Notification(Letter):
    """One sentence for one member; `{name}` in it is filled from the details, in the reader's language."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="notifications", verbose_name=_("to"))
    kind = models.CharField(_("kind"), max_length=40)
    sentence = models.CharField(_("sentence"), max_length=400)
    details = models.JSONField(_("details"), default=dict)
    path = models.CharField(_("leads to"), max_length=200)
    created_at = models.DateTimeField(_("made"))
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="notification_of_member", fields=["member", "-created_at"]),
            models.Index(name="notification_to_send", fields=["created_at"], condition=models.Q(sent_at=None)),
        ]

    def __str__(self) -> str:
        words = dict(self.details)
        if words.get("subject"):
            words["subject"] = gettext(words["subject"])
        return " ".join(gettext(self.sentence).format_map(words).split())
