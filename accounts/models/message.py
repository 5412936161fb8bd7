"""What the demo sent instead of a real e-mail or text message."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class SentMessage(models.Model):
    """An e-mail or a text message of the demo, shown at /demo/messages/."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")

    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    recipient = models.CharField(_("to"), max_length=254, db_index=True)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body = models.TextField(_("text"))
    created_at = models.DateTimeField(_("sent"))

    class Meta:
        verbose_name = _("sent message")
        verbose_name_plural = _("sent messages")
        ordering: ClassVar[list[str]] = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.recipient}: {self.subject}"
