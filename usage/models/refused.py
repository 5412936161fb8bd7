"""A call that was not let in: what for, and what the refusal said then; never what was asked."""

from typing import ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Member


class RefusedQuerySet(models.QuerySet["Refused"]):
    """Questions about refusals."""

    def seen_by(self, member: Member) -> Self:
        """This will keep what `member` may see: of the whole account, of those led, or their own."""
        rows = self.filter(account_id=member.account_id)
        if member.sees_all():
            return rows
        return rows.filter(member_id__in=Member.objects.seen_by(member).values("pk"))


class Refused(models.Model):
    """One refusal of a known caller; `details` are the refusal's own, as they were at that moment."""

    account_id = models.BigIntegerField(_("account"))
    member_id = models.BigIntegerField(_("member"))
    api_key_id = models.BigIntegerField(_("API key"), null=True)
    source = models.CharField(_("source"), max_length=4)
    model_name = models.CharField(_("model"), max_length=120)
    code = models.CharField(_("code"), max_length=40)
    sentence = models.TextField(_("sentence"))
    details = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)
    refused_at = models.DateTimeField(_("when"), db_index=True)

    objects = RefusedQuerySet.as_manager()

    class Meta:
        verbose_name = _("refused call")
        verbose_name_plural = _("refused calls")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(name="refused_of_account", fields=["account_id", "-refused_at"])
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.refused_at}"
