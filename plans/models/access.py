"""What a node of an account may call, and where its questions may go."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plans.models.quota import Quota


class AccessRule(models.Model):
    """What one node may call; all rules on a call's nodes hold at once, so that a child is never freer than above.

    Without a list of models every published one is allowed.
    """

    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    node_kind = models.CharField(_("for"), max_length=16, choices=Quota.Node)
    node_id = models.BigIntegerField(_("its id"))
    chat_model_ids = ArrayField(models.BigIntegerField(), verbose_name=_("models"), null=True, blank=True)
    is_mainland_only = models.BooleanField(_("mainland routes only"), default=False)
    is_never_trained = models.BooleanField(_("never trains on data"), default=False)

    class Meta:
        verbose_name = _("access rule")
        verbose_name_plural = _("access rules")
        constraints = (
            models.UniqueConstraint(name="access_rule_once_a_node", fields=["account", "node_kind", "node_id"]),
            models.CheckConstraint(name="access_rule_node_known", condition=Q(node_kind__in=Quota.Node.values)),
        )

    def __str__(self) -> str:
        return f"{self.node_kind} {self.node_id}"
