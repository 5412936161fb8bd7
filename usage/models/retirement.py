"""Who was told that a model they use is being retired, so that nobody is told twice."""

from django.db import models

from usage.models.call import elsewhere


class RetirementNotice(models.Model):
    """An account was told, so many days before, that a model ends on a day."""

    chat_model = elsewhere("models_catalog.ChatModel")
    account = elsewhere("accounts.Account")
    retires_date = models.DateField()
    days_before = models.PositiveSmallIntegerField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("chat_model", "account", "retires_date", "days_before"), name="retirement_is_told_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.chat_model_id} to {self.account_id}, {self.days_before} days before {self.retires_date}"
