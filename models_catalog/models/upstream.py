"""Endpoints that serve models, and the routes that lead a model to one."""

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from models_catalog.models.vendor import SLUG_PATTERN


class Dialect(models.TextChoices):
    """The language that an endpoint speaks."""

    OPENAI_COMPATIBLE = "openai_compatible", _("OpenAI-compatible")


class OnLeave(models.TextChoices):
    """What becomes of an answer whose caller has left."""

    CANCEL = "cancel", _("stop it and charge what had arrived")
    DRAIN = "drain", _("read on for a minute and charge what the vendor counts")
    FREE = "free", _("stop it and charge nothing, as the vendor does")


class Upstream(models.Model):
    """An endpoint that serves models; its secret is sealed to this row and never shown again."""

    slug = models.CharField(_("id"), max_length=48, unique=True)
    name = models.CharField(_("name"), max_length=80)
    vendor = models.ForeignKey(
        "models_catalog.Vendor",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("vendor"),
        help_text=_("Who runs it, and under whose contract."),
    )
    dialect = models.CharField(_("dialect"), max_length=24, choices=Dialect, default=Dialect.OPENAI_COMPATIBLE)
    base_url = models.CharField(_("address"), max_length=300)
    sealed_secret = models.BinaryField(_("sealed secret"), default=b"", editable=False)
    may_be_private = models.BooleanField(
        _("may stand in a private network"),
        default=False,
        db_default=False,
        help_text=_("Only for an endpoint of your own: its address may then be one of your network's."),
    )
    region = models.CharField(_("region"), max_length=40, blank=True)
    is_mainland = models.BooleanField(_("stays in mainland China"), default=False)
    is_never_trained = models.BooleanField(_("never trains on data"), default=False)
    concurrency = models.PositiveIntegerField(_("calls at once"), default=64, validators=[MinValueValidator(1)])
    first_byte_timeout_seconds = models.PositiveIntegerField(
        _("seconds to the first byte"), default=30, validators=[MinValueValidator(1)]
    )
    idle_timeout_seconds = models.PositiveIntegerField(
        _("seconds of silence in a stream"), default=30, validators=[MinValueValidator(1)]
    )
    hard_deadline_seconds = models.PositiveIntegerField(
        _("seconds for a whole call"), default=600, validators=[MinValueValidator(1)]
    )
    on_leave = models.CharField(_("when the caller leaves"), max_length=8, choices=OnLeave, default=OnLeave.CANCEL)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)
    tested_at = models.DateTimeField(_("tested at"), null=True, blank=True, editable=False)
    test_passed = models.BooleanField(_("passed the test"), null=True, editable=False)
    test_found = models.CharField(_("found by the test"), max_length=300, blank=True, db_default="", editable=False)

    class Meta:
        verbose_name = _("upstream")
        verbose_name_plural = _("upstreams")
        ordering = ("slug",)
        permissions = (("reach_private_networks", _("Can let an upstream stand in a private network")),)
        constraints = (
            models.CheckConstraint(condition=models.Q(slug__regex=SLUG_PATTERN), name="upstream_slug_is_plain"),
            models.CheckConstraint(condition=models.Q(base_url__regex=r"^https?://"), name="upstream_address_is_http"),
            models.CheckConstraint(
                condition=models.Q(concurrency__gte=1)
                & models.Q(first_byte_timeout_seconds__gte=1)
                & models.Q(idle_timeout_seconds__gte=1)
                & models.Q(hard_deadline_seconds__gte=1),
                name="upstream_limits_are_positive",
            ),
            models.CheckConstraint(condition=models.Q(on_leave__in=OnLeave.values), name="upstream_on_leave_known"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def queue(self) -> str:
        """The name of the queue that its calls wait in."""
        return f"calls.{self.slug}"


class FoundModel(models.Model):
    """A model that the last test found at an upstream; sizes that it did not tell are 0."""

    upstream = models.ForeignKey(Upstream, on_delete=models.CASCADE, related_name="found_models")
    upstream_model = models.CharField(max_length=160)
    context_tokens = models.PositiveIntegerField(default=0)
    max_output_tokens = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("upstream", "upstream_model")
        constraints = (models.UniqueConstraint(fields=("upstream", "upstream_model"), name="found_model_once"),)

    def __str__(self) -> str:
        return f"{self.upstream_model} @ {self.upstream_id}"


class Routes(models.QuerySet["Route"]):
    """Questions about routes."""

    def open(self) -> "Routes":
        """This will leave the routes that calls may take, the preferred ones first."""
        return (
            self.filter(disabled_at__isnull=True, upstream__disabled_at__isnull=True)
            .select_related("upstream")
            .order_by("chat_model_id", "priority", "pk")
        )


class Route(models.Model):
    """A model at an upstream; the smallest `priority` is tried first."""

    chat_model = models.ForeignKey("models_catalog.ChatModel", on_delete=models.PROTECT, verbose_name=_("model"))
    upstream = models.ForeignKey(Upstream, on_delete=models.PROTECT, verbose_name=_("upstream"))
    upstream_model = models.CharField(_("model's name at the upstream"), max_length=160)
    priority = models.PositiveSmallIntegerField(_("priority"), default=100)
    disabled_at = models.DateTimeField(_("disabled at"), null=True, blank=True)

    objects = Routes.as_manager()

    class Meta:
        verbose_name = _("route")
        verbose_name_plural = _("routes")
        constraints = (
            models.UniqueConstraint(fields=("chat_model", "upstream", "upstream_model"), name="route_is_listed_once"),
            models.CheckConstraint(condition=~models.Q(upstream_model=""), name="route_names_a_model"),
        )

    def __str__(self) -> str:
        return f"{self.upstream_model} @ {self.upstream_id}"
