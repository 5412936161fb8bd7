"""Stable names that point to one model, and where they pointed before."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from models_catalog.models.vendor import SLUG_PATTERN


class Alias(models.Model):
    """A stable name that points to one model; a model's own id wins over an alias of the same name."""

    slug = models.CharField(_("id"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80, blank=True)
    chat_model = models.ForeignKey("models_catalog.ChatModel", on_delete=models.PROTECT, verbose_name=_("model"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("alias")
        verbose_name_plural = _("aliases")
        ordering = ("position", "slug")
        constraints = (
            models.CheckConstraint(condition=models.Q(slug__regex=SLUG_PATTERN), name="alias_slug_is_plain"),
        )

    def __str__(self) -> str:
        return self.local_name

    @property
    def local_name(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if self.name_zh and (get_language() or "").startswith("zh") else self.name


class AliasVersion(models.Model):
    """Where an alias points from a moment on; never edited."""

    alias = models.ForeignKey(Alias, on_delete=models.PROTECT, related_name="versions", verbose_name=_("alias"))
    version = models.PositiveIntegerField(_("version"))
    chat_model = models.ForeignKey(
        "models_catalog.ChatModel", on_delete=models.PROTECT, related_name="+", verbose_name=_("model")
    )
    active_from = models.DateTimeField(_("in force from"))
    set_by = models.BigIntegerField(_("set by"), null=True, blank=True)

    class Meta:
        verbose_name = _("version of an alias")
        verbose_name_plural = _("versions of aliases")
        ordering = ("alias", "-version")
        constraints = (models.UniqueConstraint(fields=("alias", "version"), name="alias_version_once"),)

    def __str__(self) -> str:
        return f"{self.alias_id} v{self.version}"
