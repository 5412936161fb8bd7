"""One question to one model, as it stands once it has ended; an open one is a Hold."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


class How(models.TextChoices):
    """How the charge of a call was found."""

    USAGE = "usage"  # the vendor's count, exact
    USAGE_CAPPED = "usage_capped"  # the vendor counted more than was set aside
    ESTIMATE = "estimate"  # the vendor did not count: our count of the prompt and of what arrived
    ESTIMATE_CUT = "estimate_cut"  # cut or silent after acceptance
    ESTIMATE_LEFT = "estimate_left"  # the caller left or stopped it
    REFUSED = "refused"  # never accepted: nothing charged
    SWEEP_USAGE = "sweep_usage"  # our fault, the vendor's count was found
    SWEEP_PARTIAL = "sweep_partial"  # our fault: only what arrived
    PLATFORM = "platform"  # our fault: nothing arrived, nothing charged
    QUEUE_TIMEOUT = "queue_timeout"  # never started
    CANCELLED = "cancelled"  # stopped before it started


def elsewhere(model: str, *, empty: bool = False) -> models.ForeignKey[Any, Any]:
    """This will point at a lower app's row without a constraint; partitioned tables are too busy for one."""
    return models.ForeignKey(
        model,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=empty,
        blank=empty,
    )


class CallQuerySet(models.QuerySet["Call"]):
    """Questions about calls."""

    def of_account(self, account_id: int) -> "CallQuerySet":
        """This will keep the calls that one account was charged for."""
        return self.filter(account_id=account_id)

    def newest_first(self) -> "CallQuerySet":
        """This will order by the moment that the ids carry."""
        return self.order_by("-id")

    def since(self, moment: datetime) -> "CallQuerySet":
        """This will keep the calls that were opened at `moment` or later."""
        return self.filter(opened_at__gte=moment)


class Call(models.Model):
    """A call that has ended: settled with a charge or voided. Partitioned by the month in its id."""

    class State(models.TextChoices):
        SETTLED = "settled"
        VOIDED = "voided"

    id = models.UUIDField(primary_key=True)
    account = elsewhere("accounts.Account")
    member = elsewhere("accounts.Member")
    departments = ArrayField(models.BigIntegerField(), default=list)
    project = elsewhere("accounts.Project", empty=True)
    scenario = elsewhere("accounts.Scenario", empty=True)
    api_key = elsewhere("accounts.ApiKey", empty=True)
    end_user = models.TextField(default="", blank=True)
    chat_model = elsewhere("models_catalog.ChatModel")
    price = elsewhere("models_catalog.Price")
    route = elsewhere("models_catalog.Route", empty=True)
    source = models.TextField()
    streamed = models.BooleanField()
    state = models.TextField(choices=State)
    how = models.TextField(choices=How)
    held_microcredits = models.BigIntegerField()
    charged_microcredits = models.BigIntegerField()
    estimated = models.BooleanField()
    in_fresh = models.BigIntegerField(default=0)
    cache_read = models.BigIntegerField(default=0)
    cache_write_5m = models.BigIntegerField(default=0)
    cache_write_1h = models.BigIntegerField(default=0)
    in_image = models.BigIntegerField(default=0)
    in_audio = models.BigIntegerField(default=0)
    out_text = models.BigIntegerField(default=0)
    out_reasoning = models.BigIntegerField(default=0)
    out_image = models.BigIntegerField(default=0)
    out_audio = models.BigIntegerField(default=0)
    finish_reason = models.TextField(default="", blank=True)
    error_code = models.TextField(default="", blank=True)
    opened_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    first_token_milliseconds = models.IntegerField(null=True)
    ended_at = models.DateTimeField()
    day = models.DateField()

    objects = CallQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["account", "id"], name="call_of_account"),)
        constraints = (
            models.CheckConstraint(
                name="call_charged_within_hold",
                condition=models.Q(
                    charged_microcredits__gte=0,
                    charged_microcredits__lte=models.F("held_microcredits"),
                ),
            ),
        )

    def __str__(self) -> str:
        return str(self.id)

    @property
    def input_tokens(self) -> int:
        """All that was read: fresh, cached and written to the cache, images and sound."""
        return _sum(self, ("in_fresh", "cache_read", "cache_write_5m", "cache_write_1h", "in_image", "in_audio"))

    @property
    def output_tokens(self) -> int:
        """All that was written: text, reasoning, images and sound."""
        return _sum(self, ("out_text", "out_reasoning", "out_image", "out_audio"))


class Attempt(models.Model):
    """One try at one route, with the usage as the vendor told it."""

    id = models.UUIDField(primary_key=True)
    call_id = models.UUIDField()
    route = elsewhere("models_catalog.Route")
    price = elsewhere("models_catalog.Price")
    position = models.SmallIntegerField()
    outcome = models.TextField()
    raw_usage = models.JSONField(null=True)
    started_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["call_id"], name="attempt_of_call"),)

    def __str__(self) -> str:
        return f"{self.call_id} {self.position}"


class CallLot(models.Model):
    """What a call drew from one lot, with what the lot had before and after."""

    pk = models.CompositePrimaryKey("call_id", "ord")
    call_id = models.UUIDField()
    ord = models.SmallIntegerField()
    lot = elsewhere("plans.Lot")
    amount_microcredits = models.BigIntegerField()
    available_before_microcredits = models.BigIntegerField()
    available_after_microcredits = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.call_id} {self.ord}"


class KeptAnswer(models.Model):
    """The answer to a call with an idempotency key, encrypted, kept a day so that it can be replayed."""

    call_id = models.UUIDField(primary_key=True)
    sealed = models.BinaryField()
    kept_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.call_id)


class LateEvidence(models.Model):
    """A vendor's usage that came after the call was closed: for talking to the vendor, never charged."""

    call_id = models.UUIDField(primary_key=True)
    raw_usage = models.JSONField()
    arrived_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.call_id)


def _sum(call: Call, names: Iterable[str]) -> int:
    return sum(getattr(call, name) for name in names)
