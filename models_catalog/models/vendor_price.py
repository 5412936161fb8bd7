"""What a model costs us, or its vendor's public list says: in the vendor's own currency, with source and date."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_catalog.models.price import RATE_NAMES


class VendorPrice(models.Model):
    """Millionths of `currency` per million tokens by class (0.27 USD is 270,000); immutable by trigger.

    Without an upstream it is the vendor's public list, with one what that upstream charges us. A class that
    the vendor does not price is empty: it is billed as input or output. `exchange_rate` is what one unit of
    `currency` is worth in the portal's own (1 where it is the same).
    """

    chat_model = models.ForeignKey("models_catalog.ChatModel", on_delete=models.PROTECT, verbose_name=_("model"))
    upstream = models.ForeignKey(
        "models_catalog.Upstream", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("upstream")
    )
    active_from = models.DateTimeField(_("in force from"))
    noted_at = models.DateTimeField(_("noted at"))
    noted_by = models.BigIntegerField(_("noted by"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    exchange_rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8)
    source = models.CharField(_("source"), max_length=300)
    source_date = models.DateField(_("date of the source"))
    in_fresh = models.BigIntegerField(_("input"), null=True, blank=True)
    cache_read = models.BigIntegerField(_("input read from cache"), null=True, blank=True)
    cache_write_5m = models.BigIntegerField(_("input written to cache for 5 minutes"), null=True, blank=True)
    cache_write_1h = models.BigIntegerField(_("input written to cache for 1 hour"), null=True, blank=True)
    in_image = models.BigIntegerField(_("image input"), null=True, blank=True)
    in_audio = models.BigIntegerField(_("audio input"), null=True, blank=True)
    out_text = models.BigIntegerField(_("output"), null=True, blank=True)
    out_reasoning = models.BigIntegerField(_("reasoning"), null=True, blank=True)
    out_image = models.BigIntegerField(_("image output"), null=True, blank=True)
    out_audio = models.BigIntegerField(_("audio output"), null=True, blank=True)
    per_request = models.BigIntegerField(_("per request"), null=True, blank=True)

    class Meta:
        verbose_name = _("vendor's price")
        verbose_name_plural = _("vendors' prices")
        ordering = ("chat_model", "-active_from", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("chat_model", "upstream", "active_from"),
                nulls_distinct=False,
                name="vendor_price_one_per_moment",
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex="^[A-Z]{3}$"), name="vendor_price_currency_is_iso"
            ),
            models.CheckConstraint(condition=models.Q(exchange_rate__gt=0), name="vendor_price_is_exchanged"),
            models.CheckConstraint(condition=~models.Q(source=""), name="vendor_price_names_its_source"),
            *(
                models.CheckConstraint(
                    condition=models.Q((f"{name}__gte", 0), (f"{name}__lte", 10**15)),
                    name=f"vendor_price_{name}_in_range",
                )
                for name in RATE_NAMES
            ),
        )

    def __str__(self) -> str:
        return f"{self.chat_model_id} {self.currency} from {self.active_from:%Y-%m-%d}"


class CreditPrice(models.Model):
    """What credits cost at an offering that is on sale, written down by the floor that sells."""

    slug = models.SlugField(unique=True)
    audience = models.CharField(max_length=16)
    position = models.PositiveSmallIntegerField(default=0)
    is_recommended = models.BooleanField(default=False)
    name = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80)
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    microcredits = models.BigIntegerField()
    # Patterns over the ids of the models that these credits are good for; none of them means every model.
    model_patterns = ArrayField(models.CharField(max_length=80), default=list, db_default=[])

    class Meta:
        ordering = ("position", "slug")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(price_minor__gte=0, microcredits__gt=0), name="credit_price_is_of_something"
            ),
        )

    def __str__(self) -> str:
        return self.slug
