"""What is sent to people: how each of it waits for its turn, and what the demo sent instead."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Letter(models.Model):
    """What waits as a row until it is sent; `refused_at` says that the other side takes none for this address."""

    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    tries = models.PositiveSmallIntegerField(_("failed tries"), default=0, db_default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    refused_at = models.DateTimeField(_("refused"), null=True, blank=True)

    class Meta:
        abstract = True


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
