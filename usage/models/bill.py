"""What the books said of a month once it was over."""

from django.db import models

from usage.models.call import elsewhere


class ClosedMonth(models.Model):
    """Written when the bill of a month that is over is first looked at, and the same ever since (a trigger sees to it).

    `lines` are the credits as `plans.ledger.CreditLines` names them; the stretch is by the clock the account had then.
    """

    account = elsewhere("accounts.Account")
    month = models.DateField()
    active_from = models.DateTimeField()
    active_to = models.DateTimeField()
    time_zone = models.CharField(max_length=64)
    lines = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(name="closed_month_once", fields=["account", "month"]),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.month:%Y-%m}"
