"""What is sold: an offering is a name on the shelf, its versions are the frozen terms that people bought."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class OfferingQuerySet(models.QuerySet["Offering"]):
    """Questions about the shelf."""

    def on_sale(self) -> Self:
        """This will keep the offerings that may be bought now, in the order of the shelf."""
        published = OfferingVersion.objects.published().filter(offering=models.OuterRef("pk"))
        return self.filter(models.Exists(published), withdrawn_at=None).order_by("position", "pk")

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

    def current(self) -> Self:
        """This will keep the newest published version of each offering, with the offering at hand."""
        newest = self.model.objects.published().order_by("offering", "-version").distinct("offering")
        return self.filter(pk__in=newest.values("pk")).select_related("offering")

    def label_of(self, column: str) -> models.Subquery:
        """This will ask, for each row of an outer query, the name of the version that its `column` holds."""
        name = "name_zh" if (get_language() or "").startswith("zh") else "name"
        return models.Subquery(self.filter(pk=models.OuterRef(column)).values(name)[:1])


class OfferingVersion(models.Model):
    """The terms of an offering; once published no column changes and no row goes (a trigger refuses)."""

    class Unit(models.TextChoices):
        CREDITS = "credits", _("credits")
        TOKENS = "tokens", _("tokens")

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
    seats = models.PositiveIntegerField(_("people"), default=1)
    features = models.JSONField(_("features"), default=list, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)

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
        ]

    def __str__(self) -> str:
        return f"{self.offering.slug} v{self.version}"

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name

    @property
    def feature_lines(self) -> list[str]:
        """The features in the reader's language."""
        language = "zh" if (get_language() or "").startswith("zh") else "en"
        return [feature[language] for feature in self.features]
