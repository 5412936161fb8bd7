"""One question to one model, as it stands once it has ended; an open one is a Hold."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from plans.models.quota import LONGEST_SESSION

CHAT = "chat"
"""The source of a call whose answer is kept in a conversation."""


class How(models.TextChoices):
    """How the charge of a call was found."""

    USAGE = "usage", _("counted by the vendor")  # the vendor's count, exact
    USAGE_CAPPED = "usage_capped", _("more than was set aside")  # the vendor counted more than was set aside
    ESTIMATE = "estimate", _("our own count")  # the vendor did not count: our count of the prompt and of what arrived
    ESTIMATE_CUT = "estimate_cut", _("cut off, our own count")  # cut or silent after acceptance
    ESTIMATE_LEFT = "estimate_left", _("stopped, our own count")  # the caller left or stopped it
    REFUSED = "refused", _("refused")  # never accepted: nothing charged
    SWEEP_USAGE = "sweep_usage", _("our fault, count found")  # our fault, the vendor's count was found
    SWEEP_PARTIAL = "sweep_partial", _("our fault, what arrived")  # our fault: only what arrived
    PLATFORM = "platform", _("our fault, nothing charged")  # our fault: nothing arrived, nothing charged
    QUEUE_TIMEOUT = "queue_timeout", _("waited too long")  # never started
    CANCELLED = "cancelled", _("stopped before it started")  # stopped before it started


def elsewhere(model: str, *, empty: bool = False, name: Any = None) -> models.ForeignKey[Any, Any]:
    """This will point at a lower app's row without a constraint; partitioned tables are too busy for one."""
    return models.ForeignKey(
        model,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=empty,
        blank=empty,
        verbose_name=name,
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
        SETTLED = "settled", _("settled")
        VOIDED = "voided", _("voided")

    id = models.UUIDField(primary_key=True)
    account = elsewhere("accounts.Account", name=_("account"))
    member = elsewhere("accounts.Member", name=_("member"))
    departments = ArrayField(models.BigIntegerField(), default=list, verbose_name=_("departments"))
    project = elsewhere("accounts.Project", empty=True, name=_("project"))
    scenario = elsewhere("accounts.Scenario", empty=True, name=_("scenario"))
    api_key = elsewhere("accounts.ApiKey", empty=True, name=_("API key"))
    end_user = models.TextField(_("end user"), default="", blank=True)
    session = models.CharField(_("session"), max_length=LONGEST_SESSION, db_default="", blank=True)
    chat_model = elsewhere("models_catalog.ChatModel", name=_("model"))
    price = elsewhere("models_catalog.Price", name=_("price"))
    route = elsewhere("models_catalog.Route", empty=True, name=_("route"))
    source = models.TextField(_("asked from"))
    streamed = models.BooleanField(_("streamed"))
    state = models.TextField(_("state"), choices=State)
    how = models.TextField(_("how the charge was found"), choices=How)
    prompt_bound = models.BigIntegerField(_("most tokens in"), default=0)
    held_microcredits = models.BigIntegerField(_("set aside"))
    charged_microcredits = models.BigIntegerField(_("charged"))
    estimated = models.BooleanField(_("estimated"))
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
    finish_reason = models.TextField(_("finish reason"), default="", blank=True)
    error_code = models.TextField(_("error code"), default="", blank=True)
    opened_at = models.DateTimeField(_("opened"))
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    first_token_milliseconds = models.IntegerField(_("milliseconds to the first token"), null=True)
    ended_at = models.DateTimeField(_("ended"))
    day = models.DateField(_("day"))

    objects = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = pgettext_lazy("the records", "calls")
        indexes = (
            models.Index(fields=["account", "id"], name="call_of_account"),
            models.Index(fields=["id"], name="call_doubtful", condition=models.Q(how__in=("usage_capped", "estimate"))),
            BrinIndex(fields=["ended_at"], name="call_by_end", pages_per_range=8, autosummarize=True),
        )
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

    call_id = models.UUIDField(_("call"), primary_key=True)
    raw_usage = models.JSONField(_("usage as told"))
    route = elsewhere("models_catalog.Route", empty=True, name=_("route"))
    arrived_at = models.DateTimeField(_("arrived"))

    class Meta:
        verbose_name = _("late evidence")
        verbose_name_plural = _("late evidence")

    def __str__(self) -> str:
        return str(self.call_id)


class UnpricedCalls(models.Model):
    """How many calls of a day (UTC) could not be rated, since no price of their vendor is noted; route 0 is unknown."""

    pk = models.CompositePrimaryKey("day", "route_id")
    day = models.DateField()
    route_id = models.BigIntegerField()
    calls = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.day} route {self.route_id}: {self.calls}"


def _sum(call: Call, names: Iterable[str]) -> int:
    return sum(getattr(call, name) for name in names)
