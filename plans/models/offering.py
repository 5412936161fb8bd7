"""What is sold: an offering is a name on the shelf, its versions are the frozen terms that people bought."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class OfferingQuerySet(models.QuerySet["Offering"]):
    """Questions about the shelf."""

    def on_sale(self) -> Self:
        """This will keep the offerings that may be bought now, in the order of the shelf."""
        begun = OfferingVersion.objects.in_force().filter(offering=models.OuterRef("pk"))
        return self.filter(models.Exists(begun), withdrawn_at=None).order_by("position", "pk")

    def for_audience(self, audience: str) -> Self:
        """This will keep what is meant for households or for businesses."""
        return self.filter(audience=audience)

    def packs(self) -> Self:
        """This will keep the packs."""
        return self.filter(kind=Offering.Kind.PACK)


class Offering(models.Model):
    """Anything that can be bought: a plan, a pack of credits, a bundle."""

    class Audience(models.TextChoices):
        HOUSEHOLD = "household", _("Household")
        BUSINESS = "business", _("Business")

    class Kind(models.TextChoices):
        PLAN = "plan", _("Monthly plan")
        PACK = "pack", _("Pack")
        BUNDLE = "bundle", _("Bundle")

    slug = models.SlugField(_("slug"), unique=True)
    audience = models.CharField(_("audience"), max_length=16, choices=Audience)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_recommended = models.BooleanField(_("recommended"), default=False)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = OfferingQuerySet.as_manager()

    class Meta:
        verbose_name = _("offering")
        verbose_name_plural = _("offerings")
        constraints = [
            models.CheckConstraint(
                name="offering_audience_known",
                condition=Q(audience__in=["household", "business"]),
            ),
            models.CheckConstraint(
                name="offering_kind_known",
                condition=Q(kind__in=["plan", "pack", "bundle"]),
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class OfferingVersionQuerySet(models.QuerySet["OfferingVersion"]):
    """Questions about terms."""

    def published(self) -> Self:
        """This will keep what has been published, be it current or past."""
        return self.exclude(published_at=None)

    def in_force(self) -> Self:
        """This will keep what has begun, be it current or past."""
        return self.filter(active_from__lte=BusinessNow())

    def current(self) -> Self:
        """This will keep the newest version of each offering that has begun, with the offering at hand."""
        newest = self.model.objects.in_force().order_by("offering", "-version").distinct("offering")
        return self.filter(pk__in=newest.values("pk")).select_related("offering")

    def announced(self) -> Self:
        """This will keep what is published and begins later, unless a newer version begins no later; soonest first."""
        newer = self.model.objects.published().filter(
            offering=models.OuterRef("offering"),
            version__gt=models.OuterRef("version"),
            active_from__lte=models.OuterRef("active_from"),
        )
        waiting = self.filter(~models.Exists(newer), active_from__gt=BusinessNow())
        return waiting.select_related("offering").order_by("active_from", "pk")

    def newest(self) -> Self:
        """This will keep the version of each offering that was published last, begun or not."""
        newest = self.model.objects.published().order_by("offering", "-version").distinct("offering")
        return self.filter(pk__in=newest.values("pk")).select_related("offering")

    def label_of(self, column: str) -> models.Subquery:
        """This will ask, for each row of an outer query, the name of the version that its `column` holds."""
        name = "name_zh" if (get_language() or "").startswith("zh") else "name"
        return models.Subquery(self.filter(pk=models.OuterRef(column)).values(name)[:1])


class BusinessNow(models.Func):
    """The moment that the business's clock shows."""

    function = "app_now"
    output_field = models.DateTimeField()


def on_the_web() -> list[str]:
    """This will return where an offering is sold unless its terms say otherwise."""
    return ["web"]


class OfferingVersion(models.Model):
    """The terms of an offering; once published no column changes and no row goes (a trigger refuses)."""

    class Unit(models.TextChoices):
        CREDITS = "credits", _("credits")
        TOKENS = "tokens", _("tokens")
        POINTS = "points", _("points")

    class AfterExhaustion(models.TextChoices):
        STOP = "stop", _("calls stop")
        SLOW_LANE = "slow_lane", _("the slow lane")
        PACK = "pack", _("a pack is bought by itself")

    class Cycle(models.TextChoices):
        ANNIVERSARY = "anniversary", _("from the day of purchase")
        CALENDAR = "calendar", _("by the calendar month")

    offering = models.ForeignKey(
        Offering, on_delete=models.PROTECT, related_name="versions", verbose_name=_("offering")
    )
    version = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=80)
    name_zh = models.CharField(_("name in Chinese"), max_length=80)
    price_minor = models.BigIntegerField(_("price, in minor units"))
    currency = models.CharField(_("currency"), max_length=3)
    microcredits = models.BigIntegerField(_("microcredits"))
    valid_days = models.PositiveIntegerField(_("valid for days"), null=True, blank=True)
    valid_months = models.PositiveIntegerField(_("valid for months"), null=True, blank=True)
    priority = models.SmallIntegerField(_("priority"), default=0)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit, default=Unit.CREDITS)
    # What one unit, as it is shown, stands for: the published conversion.
    unit_microcredits = models.BigIntegerField(_("one unit, in microcredits"), default=1_000_000)
    seats = models.PositiveIntegerField(_("people"), default=1)
    features = models.JSONField(_("features"), default=list, blank=True)
    summary = models.CharField(_("in a sentence"), max_length=200, blank=True)
    summary_zh = models.CharField(_("in a sentence, in Chinese"), max_length=200, blank=True)
    terms = models.TextField(_("terms"), blank=True)
    terms_zh = models.TextField(_("terms in Chinese"), blank=True)
    # Patterns such as `glm-5*` over the names of models; none of them means every model.
    model_patterns = ArrayField(models.CharField(max_length=80), verbose_name=_("models"), default=list, blank=True)
    cycle = models.CharField(_("cycle"), max_length=12, choices=Cycle, default=Cycle.ANNIVERSARY)
    prorates_first = models.BooleanField(_("the first month in proportion"), default=False)
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=3)
    rollover_percent = models.PositiveSmallIntegerField(_("rolls over at most, in percent"), default=0)
    rollover_cycles = models.PositiveSmallIntegerField(_("rolled over for cycles"), default=1)
    after_exhaustion = models.CharField(
        _("once it is used up"), max_length=12, choices=AfterExhaustion, default=AfterExhaustion.STOP
    )
    exhaustion_pack = models.CharField(_("pack that is bought then"), max_length=50, blank=True)
    most_per_account = models.PositiveIntegerField(_("times an account may buy it"), null=True, blank=True)
    most_per_days = models.PositiveIntegerField(_("within days"), null=True, blank=True)
    most_per_identity = models.PositiveIntegerField(_("times a phone or card may pay it"), null=True, blank=True)
    is_for_new = models.BooleanField(_("for accounts that never bought"), default=False)
    channels = ArrayField(
        models.CharField(max_length=12), verbose_name=_("sold through"), default=on_the_web, blank=True
    )
    providers = ArrayField(models.CharField(max_length=32), verbose_name=_("paid through"), default=list, blank=True)
    tax_basis_points = models.PositiveIntegerField(_("tax inside the price, in basis points"), default=0)
    platform_basis_points = models.PositiveIntegerField(_("platform fee, in basis points"), default=0)
    channel_basis_points = models.PositiveIntegerField(_("channel fee, in basis points"), default=0)
    refund_hours = models.PositiveSmallIntegerField(_("untouched, paid back within hours"), default=24)
    refund_days = models.PositiveSmallIntegerField(_("unspent, paid back within days"), default=0)
    refund_most_used_percent = models.PositiveSmallIntegerField(_("if used at most, in percent"), default=100)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    active_from = models.DateTimeField(_("in force from"), null=True, blank=True)

    objects = OfferingVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of an offering")
        verbose_name_plural = _("versions of offerings")
        constraints = [
            models.UniqueConstraint(name="offering_version_once", fields=["offering", "version"]),
            models.CheckConstraint(name="offering_price_not_negative", condition=Q(price_minor__gte=0)),
            models.CheckConstraint(name="offering_credits_positive", condition=Q(microcredits__gt=0)),
            models.CheckConstraint(
                name="offering_validity_one_way",
                condition=Q(valid_days__gt=0, valid_months=None) | Q(valid_days=None, valid_months__gt=0),
            ),
            models.CheckConstraint(name="offering_unit_positive", condition=Q(unit_microcredits__gt=0)),
            models.CheckConstraint(
                name="offering_unit_known",
                condition=Q(unit__in=["credits", "tokens"], unit_microcredits=1_000_000) | Q(unit="points"),
            ),
            models.CheckConstraint(name="offering_cycle_known", condition=Q(cycle__in=["anniversary", "calendar"])),
            models.CheckConstraint(
                name="offering_shares_sane",
                condition=Q(
                    rollover_percent__lte=100,
                    refund_most_used_percent__lte=100,
                    tax_basis_points__lt=10_000,
                    platform_basis_points__lte=10_000,
                    channel_basis_points__lte=10_000,
                ),
            ),
            models.CheckConstraint(
                name="offering_exhaustion_known",
                condition=Q(after_exhaustion__in=["stop", "slow_lane"], exhaustion_pack="")
                | (Q(after_exhaustion="pack") & ~Q(exhaustion_pack="")),
            ),
            models.CheckConstraint(
                name="offering_begins_once_published",
                condition=Q(published_at=None, active_from=None)
                | Q(published_at__isnull=False, active_from__isnull=False, active_from__gte=models.F("published_at")),
            ),
            models.CheckConstraint(
                name="offering_purchases_sane",
                condition=Q(most_per_days=None) | Q(most_per_days__gt=0, most_per_account__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offering.slug} v{self.version}"

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name

    @property
    def sentence(self) -> str:
        """What it is, in a sentence in the reader's language."""
        return self.summary_zh if (get_language() or "").startswith("zh") else self.summary

    @property
    def terms_text(self) -> str:
        """What a buyer agrees to, in the reader's language."""
        return self.terms_zh if (get_language() or "").startswith("zh") else self.terms

    @property
    def shown_units(self) -> int:
        """How many of the shown unit it holds."""
        return self.microcredits // self.unit_microcredits

    @property
    def feature_lines(self) -> list[str]:
        """The features in the reader's language."""
        language = "zh" if (get_language() or "").startswith("zh") else "en"
        return [feature[language] for feature in self.features]
