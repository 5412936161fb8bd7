"""What a model costs from a moment on: rows that are added and never edited."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from models_catalog.pricing import Rates

RATE_NAMES = (*Rates.__dataclass_fields__,)


class Prices(models.QuerySet["Price"]):
    """Questions about prices."""

    def in_force(self, *, now: datetime) -> "Prices":
        """This will leave the price of each model that counts at `now`, outside the windows that it names."""
        return (
            self.filter(active_from__lte=now, base=None)
            .order_by("chat_model_id", "-active_from")
            .distinct("chat_model_id")
        )


class Charging(models.Model):
    """What every row of a price charges: microcredits per million tokens by class, and microcredits per request."""

    in_fresh = models.BigIntegerField(_("input"), default=0)
    cache_read = models.BigIntegerField(_("input read from cache"), default=0)
    cache_write_5m = models.BigIntegerField(_("input written to cache for 5 minutes"), default=0)
    cache_write_1h = models.BigIntegerField(_("input written to cache for 1 hour"), default=0)
    in_image = models.BigIntegerField(_("image input"), default=0)
    in_audio = models.BigIntegerField(_("audio input"), default=0)
    out_text = models.BigIntegerField(_("output"), default=0)
    out_reasoning = models.BigIntegerField(_("reasoning"), default=0)
    out_image = models.BigIntegerField(_("image output"), default=0)
    out_audio = models.BigIntegerField(_("audio output"), default=0)
    per_request = models.BigIntegerField(_("per request"), default=0)

    class Meta:
        abstract = True

    @property
    def rates(self) -> Rates:
        """The same figures as a plain value."""
        return Rates(**{name: getattr(self, name) for name in RATE_NAMES})


class Price(Charging):
    """What a model charges from a moment on; immutable by trigger.

    A row with a `base` counts instead of it on `weekdays` (1 is Monday) from `starts_at` until before `ends_at`
    (which may lie on the next day), by the clock of the account that calls. Rows of long contexts: `PriceTier`.
    """

    chat_model = models.ForeignKey("models_catalog.ChatModel", on_delete=models.PROTECT, verbose_name=_("model"))
    active_from = models.DateTimeField(_("in force from"))
    base = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="windows", verbose_name=_("in place of")
    )
    weekdays = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("weekdays"), default=list, db_default=[])
    starts_at = models.TimeField(_("from"), null=True, blank=True)
    ends_at = models.TimeField(_("until"), null=True, blank=True)
    published_at = models.DateTimeField(_("published at"))
    published_by = models.BigIntegerField(_("published by"), null=True, blank=True)

    objects = Prices.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ("chat_model", "-active_from")
        constraints = (
            models.UniqueConstraint(
                fields=("chat_model", "active_from"), condition=models.Q(base=None), name="price_one_per_moment"
            ),
            models.CheckConstraint(
                condition=models.Q(base=None, starts_at=None, ends_at=None, weekdays=[])
                | models.Q(
                    base__isnull=False,
                    starts_at__isnull=False,
                    ends_at__isnull=False,
                    weekdays__contained_by=[1, 2, 3, 4, 5, 6, 7],
                    weekdays__len__gte=1,
                ),
                name="price_window_is_whole",
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q((f"{name}__gte", 0), (f"{name}__lte", 10**15)),
                    name=f"price_{name}_in_range",
                )
                for name in RATE_NAMES
            ),
        )

    def __str__(self) -> str:
        return f"{self.chat_model_id} from {self.active_from:%Y-%m-%d %H:%M}"

    @property
    def hours_label(self) -> str:
        """When a row with a base counts, in the reader's language: “Mon/Tue 22:00–08:00”; empty for a base."""
        if self.starts_at is None or self.ends_at is None:
            return ""
        clock = f"{self.starts_at:%H:%M}–{self.ends_at:%H:%M}"
        if len(self.weekdays) == len(WEEKDAYS_ABBR):
            return clock
        return f"{'/'.join(str(WEEKDAYS_ABBR[day - 1]) for day in sorted(self.weekdays))} {clock}"


class PriceTier(Charging):
    """The rates that count for a whole call from so many input tokens on, instead of its price row's; immutable."""

    price = models.ForeignKey(Price, on_delete=models.PROTECT, related_name="tiers", verbose_name=_("price"))
    from_input_tokens = models.PositiveIntegerField(_("from so many input tokens"))

    class Meta:
        verbose_name = _("tier of a price")
        verbose_name_plural = _("tiers of prices")
        ordering = ("price", "from_input_tokens")
        constraints = (
            models.UniqueConstraint(fields=("price", "from_input_tokens"), name="price_tier_once"),
            models.CheckConstraint(
                condition=models.Q(from_input_tokens__gte=1), name="price_tier_begins_above_nothing"
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q((f"{name}__gte", 0), (f"{name}__lte", 10**15)),
                    name=f"price_tier_{name}_in_range",
                )
                for name in RATE_NAMES
            ),
        )

    def __str__(self) -> str:
        return f"{self.price_id} from {self.from_input_tokens} tokens"


class PublicationStop(models.Model):
    """While its row is there no price is published: the books are wrong, and a new price would make it worse."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(name="publication_stop_is_one_row", condition=models.Q(id=1)),)

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d %H:%M}"
