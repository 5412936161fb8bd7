"""What a model costs from a moment on: rows that are added and never edited."""

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from models_catalog.pricing import Rates

RATE_NAMES = (*Rates.__dataclass_fields__,)


class Prices(models.QuerySet["Price"]):
    """Questions about prices."""

    def in_force(self, *, now: datetime) -> "Prices":
        """This will leave the price of each model that counts at `now`."""
        return self.filter(active_from__lte=now).order_by("chat_model_id", "-active_from").distinct("chat_model_id")


class Price(models.Model):
    """Microcredits per million tokens by token class, plus microcredits per request; immutable by trigger."""

    chat_model = models.ForeignKey("models_catalog.ChatModel", on_delete=models.PROTECT, verbose_name=_("model"))
    active_from = models.DateTimeField(_("in force from"))
    published_at = models.DateTimeField(_("published at"))
    published_by = models.BigIntegerField(_("published by"), null=True, blank=True)
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

    objects = Prices.as_manager()

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ("chat_model", "-active_from")
        constraints = (
            models.UniqueConstraint(fields=("chat_model", "active_from"), name="price_one_per_moment"),
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
    def rates(self) -> Rates:
        """The same figures as a plain value."""
        return Rates(**{name: getattr(self, name) for name in RATE_NAMES})


class PublicationStop(models.Model):
    """While its row is there no price is published: the books are wrong, and a new price would make it worse."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(name="publication_stop_is_one_row", condition=models.Q(id=1)),)

    def __str__(self) -> str:
        return f"since {self.since:%Y-%m-%d %H:%M}"
