"""Totals that every settlement adds to, so that no page has to add up calls."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from usage.models.call import elsewhere


class DailyTotal(models.Model):
    """What was used on one local day of an account, by everything that people ask for."""

    account = elsewhere("accounts.Account")
    day = models.DateField()
    member = elsewhere("accounts.Member")
    departments = ArrayField(models.BigIntegerField(), default=list)
    project = elsewhere("accounts.Project", empty=True)
    scenario = elsewhere("accounts.Scenario", empty=True)
    api_key = elsewhere("accounts.ApiKey", empty=True)
    end_user = models.TextField(default="", blank=True)
    chat_model = elsewhere("models_catalog.ChatModel")
    calls = models.BigIntegerField()
    charged_microcredits = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                name="daily_total_once",
                fields=[
                    "account",
                    "day",
                    "member",
                    "departments",
                    "project",
                    "scenario",
                    "api_key",
                    "end_user",
                    "chat_model",
                ],
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.day}"


class HourProfile(models.Model):
    """How busy each hour of the week of an account is, by its own clock; Monday is 1."""

    account = elsewhere("accounts.Account")
    weekday = models.SmallIntegerField()
    hour = models.SmallIntegerField()
    calls = models.BigIntegerField()
    charged_microcredits = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(name="hour_profile_once", fields=["account", "weekday", "hour"]),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.weekday} {self.hour}"


class Dropped(models.Model):
    """What the calls of an account came to whose months are not kept any more."""

    account_id = models.BigIntegerField(primary_key=True)
    calls = models.BigIntegerField()
    charged_microcredits = models.BigIntegerField()

    def __str__(self) -> str:
        return f"account {self.account_id}"
