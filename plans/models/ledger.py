"""An account's credits: wallets, lots, open calls, and the journals that say where every microcredit went."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

COUNTERS = ("granted", "available", "held", "spent", "expired", "revoked", "refunded")


class Wallet(models.Model):
    """The row that whoever moves an account's credits locks first."""

    account = models.OneToOneField(
        "accounts.Account", models.PROTECT, primary_key=True, related_name="+", verbose_name=_("account")
    )
    debt = models.BigIntegerField(_("debt, in microcredits"), default=0)
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = (models.CheckConstraint(name="wallet_debt_not_negative", condition=Q(debt__gte=0)),)

    def __str__(self) -> str:
        return f"wallet of account {self.account_id}"


class Lot(models.Model):
    """One grant of credits; its counters, in microcredits, always add up to what was granted."""

    class Source(models.TextChoices):
        PLAN = "plan", _("plan")
        TOPUP = "topup", _("top-up")
        PROMO = "promo", _("promotion")
        GOODWILL = "goodwill", _("goodwill")
        RESTORE = "restore", _("restored")

    account = models.ForeignKey(
        "accounts.Account", models.PROTECT, related_name="+", db_index=False, verbose_name=_("account")
    )
    source = models.CharField(_("source"), max_length=16, choices=Source)
    name = models.CharField(_("name"), max_length=120)
    dedupe_key = models.CharField(_("granted once by"), max_length=200, unique=True)
    order_id = models.UUIDField(_("order"), null=True, blank=True)
    offering_version_id = models.BigIntegerField(_("version of the offering"), null=True, blank=True)
    # What one credit was paid with, in minor units of the currency.
    unit_price = models.DecimalField(
        _("price of one credit, in minor units"), max_digits=30, decimal_places=18, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    priority = models.SmallIntegerField(_("priority"), default=0)
    granted_at = models.DateTimeField(_("granted at"))
    effective_at = models.DateTimeField(_("usable from"))
    expires_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    granted = models.BigIntegerField(_("granted, in microcredits"))
    available = models.BigIntegerField(_("available, in microcredits"))
    held = models.BigIntegerField(_("set aside, in microcredits"), default=0)
    spent = models.BigIntegerField(_("spent, in microcredits"), default=0)
    expired = models.BigIntegerField(_("lapsed, in microcredits"), default=0)
    revoked = models.BigIntegerField(_("taken back, in microcredits"), default=0)
    refunded = models.BigIntegerField(_("refunded, in microcredits"), default=0)
    # Stands in the index instead of `available`, which changes with every call and would make each such
    # change write to every index of the table.
    drawable = models.GeneratedField(
        expression=models.ExpressionWrapper(Q(available__gt=0), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = (
            models.CheckConstraint(
                name="lot_adds_up",
                condition=Q(
                    granted=F("available") + F("held") + F("spent") + F("expired") + F("revoked") + F("refunded")
                ),
            ),
            models.CheckConstraint(
                name="lot_not_negative",
                condition=Q(
                    available__gte=0,
                    held__gte=0,
                    spent__gte=0,
                    expired__gte=0,
                    revoked__gte=0,
                    refunded__gte=0,
                ),
            ),
            models.CheckConstraint(name="lot_granted_something", condition=Q(granted__gt=0)),
            models.CheckConstraint(
                name="lot_source_known",
                condition=Q(source__in=["plan", "topup", "promo", "goodwill", "restore"]),
            ),
            models.CheckConstraint(
                name="lot_ends_after_start",
                condition=Q(expires_at=None) | Q(expires_at__gt=F("effective_at")),
            ),
        )
        indexes = (
            models.Index(
                name="lot_draw_order",
                fields=["account", "priority", "expires_at", "granted_at", "id"],
                condition=Q(drawable=True),
            ),
            models.Index(name="lot_of_account", fields=["account"]),
            models.Index(name="lot_ending", fields=["expires_at"], condition=Q(drawable=True)),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"


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
    actor_id = models.BigIntegerField(_("by"), null=True)
    reason = models.TextField(_("why"), default="", blank=True)
    moved_at = models.DateTimeField(_("moved at"))

    class Meta:
        verbose_name = _("journal")
        verbose_name_plural = _("journals")
        constraints = (
            models.CheckConstraint(name="journal_kind_known", condition=Q(kind__in=["grant", "settle", "expire"])),
        )

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
        constraints = (models.CheckConstraint(name="posting_not_zero", condition=~Q(amount=0)),)

    def __str__(self) -> str:
        return f"{self.account_code} {self.amount} {self.unit}"
