"""The texts that people agree to, in versions, and who agreed to which."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LegalTextQuerySet(models.QuerySet["LegalText"]):
    """Questions about the texts."""

    def in_force(self, *, now: datetime) -> Self:
        """This will keep what is published, the newest version first."""
        return self.filter(published_at__lte=now).order_by("-version", "pk")


class LegalText(models.Model):
    """One version of one text in one language; once published it stays as it is."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("Terms of service")
        PRIVACY = "privacy", _("Privacy")
        GUARDIAN = "guardian", _("Consent of a guardian")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    version = models.PositiveIntegerField(_("version"))
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    body = models.TextField(_("text"), help_text=_("Markdown: headings, paragraphs and lists."))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    objects = LegalTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal text")
        verbose_name_plural = _("legal texts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["kind", "version", "language"], name="legal_text_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["terms", "privacy", "guardian"]), name="legal_text_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version} ({self.language})"


class Agreement(models.Model):
    """A person agreed to one version of one text."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="agreements", verbose_name=_("user")
    )
    legal_text = models.ForeignKey(LegalText, models.PROTECT, related_name="agreements", verbose_name=_("legal text"))
    agreed_at = models.DateTimeField(_("agreed"))

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["user", "legal_text"], name="agreement_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.legal_text}"
