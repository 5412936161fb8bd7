"""Open calls, and the journals that say where every microcredit went."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plans.models.quota import LONGEST_SESSION

JOURNAL_KINDS = (
    "grant",
    "settle",
    "expire",
    "roll_over",
    "earn",
    "refund",
    "dispute",
    "revoke",
    "receive",
    "match",
    "return",
    "cost",
    "carry_forward",
)

CHART = (
    r"^(issued|usage|expired|revoked|refunded|adjust"
    r"|bank|bank_unmatched|tax|revenue_usage|revenue_breakage"
    r"|psp_fee|provider_cost|provider_variance|platform_fee|channel_fee|chargeback_loss|goodwill"
    r"|(avail|debt|deferred|ar|customer_credit):[0-9]+|(psp|carrier_receivable):[a-z0-9_]+"
    r"|payable:(platform|channel|vendor:[a-z0-9-]+))$"
)
"""The chart of accounts: of credits, of money, and those that each customer or provider has one of."""


class Hold(models.Model):
    """The open call: what was set aside for it and who is at it. Nothing has a foreign key to it."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        RUNNING = "running", _("running")

    class Source(models.TextChoices):
        API = "api", _("API")
        CHAT = "chat", _("chat")

    id = models.UUIDField(primary_key=True)
    account_id = models.BigIntegerField(_("account"))
    member_id = models.BigIntegerField(_("member"))
    departments = ArrayField(models.BigIntegerField(), default=list)
    project_id = models.BigIntegerField(_("project"), null=True)
    scenario_id = models.BigIntegerField(_("scenario"), null=True)
    api_key_id = models.BigIntegerField(_("API key"), null=True)
    end_user = models.TextField(_("end user"), default="", blank=True)
    session = models.CharField(_("session"), max_length=LONGEST_SESSION, db_default="", blank=True)
    chat_model_id = models.BigIntegerField(_("model"))
    price_id = models.BigIntegerField(_("price"))
    amount = models.BigIntegerField(_("set aside, in microcredits"))
    state = models.TextField(_("state"), choices=State, default=State.QUEUED)
    fence = models.IntegerField(_("fence"), default=0)
    worker = models.TextField(_("worker"), default="", blank=True)
    reply_to = models.TextField(_("answers go to"), default="", blank=True)
    source = models.TextField(_("source"), choices=Source)
    streamed = models.BooleanField(_("streamed"))
    prompt_tokens = models.BigIntegerField(_("tokens in"))
    output_limit = models.BigIntegerField(_("most tokens out"))
    tokens = models.BigIntegerField(_("set aside, in tokens"), db_default=0)
    tier = models.TextField(_("tier of age"), db_default="", blank=True)
    is_mainland_only = models.BooleanField(_("mainland routes only"), db_default=False)
    is_never_trained = models.BooleanField(_("never trains on data"), db_default=False)
    quota_windows = ArrayField(models.BigIntegerField(), default=list)
    opened_at = models.DateTimeField(_("opened at"))
    queue_deadline = models.DateTimeField(_("waits until"))
    hard_deadline = models.DateTimeField(_("runs until"))
    lease_until = models.DateTimeField(_("leased until"), null=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True)

    class Meta:
        verbose_name = _("open call")
        verbose_name_plural = _("open calls")
        constraints = (
            models.CheckConstraint(name="hold_amount_sane", condition=Q(amount__gte=0, amount__lte=10**15)),
            models.CheckConstraint(name="hold_state_known", condition=Q(state__in=["queued", "running"])),
            models.CheckConstraint(name="hold_source_known", condition=Q(source__in=["api", "chat"])),
            models.CheckConstraint(
                name="hold_running_has_lease",
                condition=Q(state="queued", lease_until=None) | Q(state="running", lease_until__isnull=False),
            ),
        )
        indexes = (models.Index(name="hold_of_account", fields=["account_id"]),)

    def __str__(self) -> str:
        return f"{self.id} ({self.state})"


class HoldLot(models.Model):
    """What an open call set aside of one lot; `ord` is the order in which the lots are drawn on."""

    pk = models.CompositePrimaryKey("hold_id", "lot_id")
    hold_id = models.UUIDField()
    lot_id = models.BigIntegerField()
    ord = models.SmallIntegerField()
    amount = models.BigIntegerField()

    class Meta:
        constraints = (models.CheckConstraint(name="hold_lot_positive", condition=Q(amount__gt=0)),)

    def __str__(self) -> str:
        return f"{self.hold_id} {self.ord}"


class IdempotencyKey(models.Model):
    """A caller's own name for a call, so that asking again never opens a second one."""

    pk = models.CompositePrimaryKey("account_id", "scope", "key")
    account_id = models.BigIntegerField()
    scope = models.TextField()
    key = models.TextField()
    body_hash = models.TextField()
    call_id = models.UUIDField()
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


class Journal(models.Model):
    """One movement for good; its id is the call's when it settles one. Partitioned by the month in its id."""

    id = models.UUIDField(primary_key=True)
    kind = models.TextField(_("kind"))
    account_id = models.BigIntegerField(_("account"))
    # What it mends or follows from: a call, an order, a refund, a dispute.
    about_id = models.UUIDField(_("about"), null=True)
    actor_id = models.BigIntegerField(_("by"), null=True)
    reason = models.TextField(_("why"), default="", blank=True)
    moved_at = models.DateTimeField(_("moved at"))

    class Meta:
        verbose_name = _("journal")
        verbose_name_plural = _("journals")
        # Rows come in the order of their moments, so that a few numbers for each stretch of pages are enough.
        indexes = (
            BrinIndex(fields=["moved_at"], name="journal_by_moment", pages_per_range=8, autosummarize=True),
            models.Index(fields=["about_id"], name="journal_about", condition=Q(about_id__isnull=False)),
            models.Index(fields=["account_id", "id"], name="journal_of_account"),
        )
        constraints = (models.CheckConstraint(name="journal_kind_known", condition=Q(kind__in=JOURNAL_KINDS)),)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Posting(models.Model):
    """One line of a journal: an amount that came to an account of the books or, negative, left it."""

    pk = models.CompositePrimaryKey("journal_id", "account_code", "unit", "lot_id")
    journal_id = models.UUIDField()
    account_code = models.TextField(_("account of the books"))
    unit = models.TextField(_("unit"))
    lot_id = models.BigIntegerField(_("lot"), default=0)
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = (
            models.CheckConstraint(name="posting_not_zero", condition=~Q(amount=0)),
            models.CheckConstraint(name="posting_in_chart", condition=Q(account_code__regex=CHART)),
        )
        # Money moves seldom beside credits, and is what the operator's own books are about.
        indexes = (models.Index(fields=["unit", "account_code"], name="posting_of_money", condition=~Q(unit="µ")),)

    def __str__(self) -> str:
        return f"{self.account_code} {self.amount} {self.unit}"
