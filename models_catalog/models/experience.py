"""How models do here: health, votes and averages, written down by the floor that sees the calls."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ModelHealth(models.Model):
    """How a model did within a span of time: milliseconds to the first token, thousandths of a token a second.

    Spans: an hour, a day (UTC), the last 24 hours, the last 30 days. A percentile is empty without calls to tell it.
    """

    class Span(models.TextChoices):
        HOUR = "hour", _("an hour")
        DAY = "day", _("a day")
        LAST_DAY = "last_day", _("the last 24 hours")
        LAST_MONTH = "last_month", _("the last 30 days")

    chat_model = models.ForeignKey("models_catalog.ChatModel", on_delete=models.CASCADE)
    span = models.CharField(max_length=10, choices=Span)
    starts_at = models.DateTimeField()
    calls = models.PositiveIntegerField()
    succeeded = models.PositiveIntegerField()
    first_token_p50 = models.PositiveIntegerField(null=True)
    first_token_p95 = models.PositiveIntegerField(null=True)
    speed_p50 = models.PositiveIntegerField(null=True)
    speed_p95 = models.PositiveIntegerField(null=True)
    """That 95 of 100 calls reach: the slow end."""

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("chat_model", "span", "starts_at"), name="model_health_once"),
            models.CheckConstraint(condition=models.Q(succeeded__lte=models.F("calls")), name="model_health_adds_up"),
        )

    def __str__(self) -> str:
        return f"{self.chat_model_id} {self.span} {self.starts_at:%Y-%m-%d %H:%M}"


class Approval(models.Model):
    """What people said of a model's answers, and what those answers cost: how much is liked for the money."""

    chat_model = models.OneToOneField("models_catalog.ChatModel", on_delete=models.CASCADE, primary_key=True)
    up = models.PositiveIntegerField()
    down = models.PositiveIntegerField()
    microcredits = models.BigIntegerField()
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.chat_model_id}: {self.up} up, {self.down} down"


class LifeAverage(models.Model):
    """How many tokens something of everyday life takes here on average, all its turns together."""

    kind = models.SlugField(unique=True)
    calls = models.PositiveIntegerField()
    in_fresh = models.PositiveIntegerField()
    out_text = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.kind
