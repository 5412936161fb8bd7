"""A mail domain that a business owns: whoever has a verified address there may come in by themselves."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account, Department
from accounts.models.message import Letter


class MailDomainQuerySet(models.QuerySet["MailDomain"]):
    """Questions about mail domains."""

    def in_use(self) -> Self:
        """This will leave out those that were ended."""
        return self.filter(ended_at=None)

    def open(self) -> Self:
        """This will keep those that were proven and let people in."""
        return self.in_use().filter(verified_at__isnull=False)

    def to_prove(self, *, since: datetime) -> Self:
        """This will keep those whose proof is still awaited, claimed since then."""
        return self.in_use().filter(verified_at=None, created_at__gt=since)


class MailDomain(Letter):
    """Proven by the link that its postmaster was sent; the secret is derived (`accounts.tickets`), never stored."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name=_("account"))
    domain = models.CharField(_("domain"), max_length=253)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("department")
    )
    monthly_microcredits = models.BigIntegerField(_("microcredits a month"), null=True, blank=True)
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("claimed by")
    )
    created_at = models.DateTimeField(_("claimed"))
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = MailDomainQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail domain")
        verbose_name_plural = _("mail domains")
        ordering: ClassVar[list[str]] = ["domain", "pk"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                name="mail_domain_of_one_account",
                fields=["domain"],
                condition=Q(verified_at__isnull=False, ended_at=None),
            ),
            models.UniqueConstraint(
                name="mail_domain_claimed_once", fields=["account", "domain"], condition=Q(ended_at=None)
            ),
            models.CheckConstraint(name="mail_domain_is_lower_case", condition=Q(domain=Lower("domain"))),
            models.CheckConstraint(
                name="mail_domain_quota_sane",
                condition=Q(monthly_microcredits=None)
                | Q(monthly_microcredits__gte=0, monthly_microcredits__lte=10**16),
            ),
        ]

    def __str__(self) -> str:
        return self.domain
