"""What callers may ask for: chat models, what they can do and where what is sent to them goes."""

from collections.abc import Iterable
from datetime import datetime, time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.kit.moves import moves

LONGEST_CHAIN = 10
"""Replacements that were replaced themselves are followed no further."""
MODEL_SLUG_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$"


class State(models.TextChoices):
    """Where a model stands in its life."""

    ANNOUNCED = "announced", _("announced")
    PREVIEW = "preview", _("preview")
    AVAILABLE = "available", _("available")
    DEPRECATED = "deprecated", _("being retired")
    RETIRED = "retired", _("retired")


CALLABLE_STATES = (State.PREVIEW, State.AVAILABLE, State.DEPRECATED)
LIFE = moves(
    announced="preview available deprecated",
    preview="announced available deprecated",
    available="announced preview deprecated",
    deprecated="available deprecated retired",
    retired="available",
)
"""A model is announced again when it is withdrawn, and available again when its end is taken back."""


class DataRegion(models.TextChoices):
    """Where what you send is processed."""

    THIS_MACHINE = "this_machine", _("stays on this machine")
    MAINLAND_CHINA = "mainland_china", _("stays in mainland China")
    HONG_KONG = "hong_kong", _("goes to Hong Kong")
    SINGAPORE = "singapore", _("goes to Singapore")
    EUROPEAN_UNION = "european_union", _("goes to the European Union")
    UNITED_STATES = "united_states", _("goes to the United States")
    UNKNOWN = "unknown", _("known once it is connected")


class Retention(models.TextChoices):
    """How long the upstream keeps what you send."""

    NOTHING = "nothing", _("nothing is kept")
    THIRTY_DAYS = "thirty_days", _("up to 30 days")
    LONGER = "longer", _("longer than 30 days")
    UNKNOWN = "unknown", _("known once it is connected")


class Capability(models.TextChoices):
    """What a model can do."""

    TEXT = "text", _("text")
    STREAMING = "streaming", _("streaming")
    TOOLS = "tools", _("tools")
    REASONING = "reasoning", _("reasoning")
    STRUCTURED = "structured", _("structured output")
    CACHING = "caching", _("prompt caching")
    CHINESE = "chinese", _("strong in Chinese")
    CODE = "code", _("strong in code")
    IMAGES = "images", _("reads pictures")
    AUDIO = "audio", _("hears sound")
    VIDEO = "video", _("watches video")
    FILES = "files", _("reads files")
    IMAGE_OUTPUT = "image_output", _("draws pictures")
    AUDIO_OUTPUT = "audio_output", _("speaks")
    OPEN_WEIGHTS = "open_weights", _("open weights")


class Tokenizer(models.TextChoices):
    """What splits a text for a model as its vendor does; without one, what a text costs is an estimate."""

    ESTIMATE = "", _("estimate")
    DEEPSEEK = "deepseek", "DeepSeek V3"
    QWEN = "qwen", "Qwen 2.5 / 3"
    QWEN_3_5 = "qwen3.5", "Qwen 3.5"
    O200K = "o200k", "GPT o200k"
    EMBEDDED = "embedded", _("the model on this machine")


CARD_IS_COMPLETE = (
    ~models.Q(operated_by="")
    & ~models.Q(data_region=DataRegion.UNKNOWN)
    & ~models.Q(retention=Retention.UNKNOWN)
    & models.Q(trains_on_data__isnull=False)
    & ~models.Q(contract="")
    & ~models.Q(filing="")
    & ~models.Q(service_label="")
)
"""A model leaves "announced" only with a data card that answers where data goes and under which rules."""


class ChatModels(models.QuerySet["ChatModel"]):
    """Questions about models."""

    def published(self) -> "ChatModels":
        """This will leave the models that anyone may see."""
        return self.filter(published_at__isnull=False).exclude(state=State.RETIRED)

    def offered(self, *, besides: Iterable[int] = ()) -> "ChatModels":
        """This will leave what people may choose from: what is in service by its state, and the ids `besides`."""
        chosen = models.Q(state__in=CALLABLE_STATES) | models.Q(pk__in=list(besides))
        return self.published().filter(chosen).order_by("name")

    def retired(self) -> "ChatModels":
        """This will leave the models that were published once and are not served any more."""
        return self.filter(published_at__isnull=False, state=State.RETIRED)


class ChatModel(models.Model):
    """A model that answers messages; `slug` is the id that callers use."""

    slug = models.CharField(_("id"), max_length=120, unique=True)
    vendor = models.ForeignKey("models_catalog.Vendor", on_delete=models.PROTECT, verbose_name=_("vendor"))
    name = models.CharField(_("name"), max_length=120)
    family = models.CharField(
        _("family"), max_length=80, blank=True, db_default="", help_text=_("What its versions have in common: Qwen3.")
    )
    released_date = models.DateField(_("released"), null=True, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    summary_zh = models.TextField(_("summary in Chinese"), blank=True)
    good_for = ArrayField(models.CharField(max_length=160), verbose_name=_("good for"), default=list, blank=True)
    good_for_zh = ArrayField(
        models.CharField(max_length=160), verbose_name=_("good for, in Chinese"), default=list, blank=True
    )
    context_tokens = models.PositiveIntegerField(_("context, in tokens"), default=0)
    max_output_tokens = models.PositiveIntegerField(_("longest answer, in tokens"), default=0)
    """Both are 0 while nobody knows them, which only a model that cannot be called may be."""
    data_region = models.CharField(_("where data goes"), max_length=20, choices=DataRegion, default=DataRegion.UNKNOWN)
    retention = models.CharField(_("retention"), max_length=20, choices=Retention, default=Retention.UNKNOWN)
    trains_on_data = models.BooleanField(_("trains on data"), null=True)
    operated_by = models.CharField(_("operated by"), max_length=120, blank=True, db_default="")
    contract = models.CharField(
        _("contract"), max_length=200, blank=True, db_default="", help_text=_("Under which contract it is served.")
    )
    filing = models.CharField(
        _("generative-AI filing"),
        max_length=200,
        blank=True,
        db_default="",
        help_text=_("The filing number, or why none is needed."),
    )
    service_label = models.CharField(
        _("service label"),
        max_length=200,
        blank=True,
        db_default="",
        help_text=_("How answers are marked as made by AI."),
    )
    capabilities = ArrayField(
        models.CharField(max_length=32, choices=Capability),
        verbose_name=_("capabilities"),
        default=list,
        blank=True,
    )
    tokenizer = models.CharField(
        _("tokenizer"), max_length=16, choices=Tokenizer, blank=True, default=Tokenizer.ESTIMATE, db_default=""
    )
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ANNOUNCED)
    retires_date = models.DateField(
        _("retires on"),
        null=True,
        blank=True,
        help_text=_("Who used it is told 30, 7 and 1 day before. Emptied, the end is taken back."),
    )
    replacement = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("replaced by"),
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    prompt_permille = models.PositiveIntegerField(_("set aside for what goes in, in permille"), default=1000)
    """Learnt: how many tokens of a thousand bytes the vendor counts at most. What is set aside follows it."""
    imported = models.JSONField(_("imported"), default=dict, db_default={}, blank=True, editable=False)
    """What public data says, by field: value, source and date. A field that says something else was edited."""

    objects = ChatModels.as_manager()

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(condition=models.Q(slug__regex=MODEL_SLUG_PATTERN), name="chat_model_slug_is_plain"),
            models.CheckConstraint(
                condition=~models.Q(state__in=CALLABLE_STATES)
                | models.Q(context_tokens__gte=1, max_output_tokens__gte=1),
                name="chat_model_has_room",
            ),
            models.CheckConstraint(
                condition=models.Q(max_output_tokens__lte=models.F("context_tokens")),
                name="chat_model_answers_within_context",
            ),
            models.CheckConstraint(condition=models.Q(state__in=State.values), name="chat_model_state_is_known"),
            models.CheckConstraint(condition=models.Q(prompt_permille__gte=1), name="chat_model_prompt_weighs"),
            models.CheckConstraint(
                condition=~models.Q(state__in=CALLABLE_STATES) | CARD_IS_COMPLETE, name="chat_model_shows_its_card"
            ),
            models.CheckConstraint(
                condition=models.Q(replacement=None) | ~models.Q(replacement=models.F("pk")),
                name="chat_model_replaced_by_another",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """This will return the address of its page."""
        return reverse("models_catalog:model", args=[self.slug])

    @property
    def successor(self) -> "ChatModel | None":
        """What replaces it today, also where its replacement was replaced itself; None where nothing does."""
        following = self.replacement
        for _step in range(LONGEST_CHAIN):
            if following is None or following.state in CALLABLE_STATES:
                return following
            following = following.replacement
        return None

    @property
    def retires_at(self) -> datetime | None:
        """The moment at which the day of its end begins by the portal's own clock; None where none is announced."""
        return timezone.make_aware(datetime.combine(self.retires_date, time())) if self.retires_date else None

    @property
    def local_summary(self) -> str:
        """The summary in the reader's language."""
        return self.summary_zh if self.summary_zh and _reads_chinese() else self.summary

    @property
    def local_good_for(self) -> list[str]:
        """What it is good for, in the reader's language."""
        return self.good_for_zh if self.good_for_zh and _reads_chinese() else self.good_for


def _reads_chinese() -> bool:
    return (get_language() or "").startswith("zh")
