"""A secret that a machine calls with; only its keyed digest is stored."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account, Member, Project, Scenario


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Questions about keys."""

    def seen_by(self, member: Member) -> Self:
        """This will keep what `member` may see: who leads the account sees its keys, others their own."""
        keys = self.filter(account=member.account_id)
        return keys if member.leads() else keys.filter(member=member)

    def in_use(self, now: datetime) -> Self:
        """This will keep those that were not revoked and have not ended; a paused one goes on some day."""
        return self.filter(models.Q(expires_at=None) | models.Q(expires_at__gt=now), revoked_at=None)

    def newest_first(self) -> Self:
        """This will put the keys in use before the revoked ones, the newest of each first."""
        return self.order_by(models.F("revoked_at").desc(nulls_first=True), "-created_at", "-pk")


class ApiKey(models.Model):
    """What a program shows to act for a member; bound to a project or a scenario if it is for one.

    Without `endpoints` it calls all of them, without `networks` (CIDR) from everywhere. A management key manages
    the account's keys and figures, and calls no model.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="api_keys", verbose_name=_("account"))
    member = models.ForeignKey(Member, models.PROTECT, related_name="api_keys", verbose_name=_("member"))
    project = models.ForeignKey(
        Project, models.PROTECT, null=True, blank=True, related_name="api_keys", verbose_name=_("project")
    )
    scenario = models.ForeignKey(
        Scenario, models.PROTECT, null=True, blank=True, related_name="api_keys", verbose_name=_("scenario")
    )
    label = models.CharField(_("label"), max_length=60)
    prefix = models.CharField(_("begins with"), max_length=8)
    last_four = models.CharField(_("ends with"), max_length=4)
    digest = models.BinaryField(unique=True)
    is_management = models.BooleanField(_("manages, calls no models"), default=False)
    endpoints = ArrayField(models.CharField(max_length=40), verbose_name=_("endpoints"), null=True, blank=True)
    networks = ArrayField(models.CharField(max_length=43), verbose_name=_("networks"), null=True, blank=True)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("replaces")
    )
    created_at = models.DateTimeField(_("issued"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("issued by")
    )
    used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded that nobody uses it"), null=True, blank=True)
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("revoked by"),
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | models.Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_key_revoked_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.prefix}…{self.last_four})"

    def has_ended(self, now: datetime) -> bool:
        """This will tell whether nothing calls with it any more."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)
