"""Assistants: a prompt, a model and bounds under one name; what shapes an answer stands in versions that stay."""

import re
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Member, Scenario

PREFIX = "assistant/"
"""What stands before a slug where an assistant is named like a model."""
MAKERS = frozenset({Member.Role.OWNER, Member.Role.BILL_PAYER, Member.Role.HEAD})
"""Who makes assistants of a business."""
LONGEST_SLUG = 50
LONGEST_NAME = 60
LONGEST_SUMMARY = 240
LONGEST_LINE = 400
_CHINESE = re.compile("[\u4e00-\u9fff]")


def may_make(member: Member) -> bool:
    """This will tell whether a member makes assistants of their account."""
    return member.account.kind == Account.Kind.BUSINESS and member.role in MAKERS


class AssistantQuerySet(models.QuerySet["Assistant"]):
    """Questions about assistants."""

    def on_shelf(self) -> Self:
        """This will keep what was published and not withdrawn."""
        return self.filter(published_at__isnull=False, withdrawn_at=None)

    def seen_by(self, member: Member | None) -> Self:
        """This will keep the portal's own and those of the member's account; makers see theirs in every state.

        A child sees what is for children, and of that what its guardians allow. None is somebody without an account.
        """
        common = Q(account=None, published_at__isnull=False, withdrawn_at=None)
        if member is None:
            return self.filter(common)
        guardianship = getattr(member, "guardianship", None)
        if guardianship is not None or member.role == Member.Role.CHILD:
            allowed = guardianship.scenario_ids if guardianship else None
            return self.filter(common, _for_children(allowed))
        own = Q(account=member.account_id)
        if not may_make(member):
            own &= Q(published_at__isnull=False, withdrawn_at=None)
        return self.filter(common | own)

    def named(self, slug: str, *, account_id: int | None) -> Self:
        """This will keep those of this slug that an account could mean, its own first."""
        mine = Q(account=account_id) if account_id is not None else Q(account=None)
        return self.filter(mine | Q(account=None), slug=slug).order_by(F("account").asc(nulls_last=True))

    def in_order(self) -> Self:
        """This will order as they stand on the shelf."""
        return self.order_by("position", "name", "pk")


class Assistant(models.Model):
    """What people see of an assistant, and for whom it is; without an account it is the portal's own."""

    class Audience(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        HOUSEHOLD = "household", _("Households")
        BUSINESS = "business", _("Businesses")

    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("account")
    )
    scenario = models.ForeignKey(
        "accounts.Scenario", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("scenario")
    )
    slug = models.SlugField(_("id"), max_length=LONGEST_SLUG, db_index=False)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    name_zh = models.CharField(_("name in Chinese"), max_length=LONGEST_NAME, blank=True)
    summary = models.CharField(_("summary"), max_length=LONGEST_SUMMARY)
    summary_zh = models.CharField(_("summary in Chinese"), max_length=LONGEST_SUMMARY, blank=True)
    opening = models.CharField(_("opening line"), max_length=LONGEST_LINE, blank=True)
    opening_zh = models.CharField(_("opening line in Chinese"), max_length=LONGEST_LINE, blank=True)
    examples = ArrayField(models.CharField(max_length=LONGEST_LINE), default=list, blank=True)
    examples_zh = ArrayField(models.CharField(max_length=LONGEST_LINE), default=list, blank=True)
    icon = models.CharField(_("icon"), max_length=40, default="sparkles")
    audience = models.CharField(_("for whom"), max_length=9, choices=Audience, default=Audience.EVERYONE)
    is_for_children = models.BooleanField(_("for children too"), default=False)
    usual_input_tokens = models.PositiveIntegerField(_("usual tokens in"), default=400)
    usual_output_tokens = models.PositiveIntegerField(_("usual tokens out"), default=600)
    position = models.PositiveIntegerField(_("position"), default=0)
    created_at = models.DateTimeField(_("made"))
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects = AssistantQuerySet.as_manager()

    class Meta:
        verbose_name = _("assistant")
        verbose_name_plural = _("assistants")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="assistant_named_once", fields=["account", "slug"], nulls_distinct=False),
            models.CheckConstraint(
                name="assistant_for_no_children_of_businesses",
                condition=~Q(audience="business", is_for_children=True),
            ),
        ]

    def __str__(self) -> str:
        return self.local_name

    @property
    def is_on_shelf(self) -> bool:
        """Whether it can be started by all whom it is for."""
        return self.published_at is not None and self.withdrawn_at is None

    @property
    def purpose(self) -> Scenario | None:
        """What its calls are for, unless that was closed."""
        return self.scenario if self.scenario is not None and self.scenario.closed_at is None else None

    @property
    def local_name(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if self.name_zh and _reads_chinese() else self.name

    @property
    def local_summary(self) -> str:
        """What it is for, in the reader's language."""
        return self.summary_zh if self.summary_zh and _reads_chinese() else self.summary

    @property
    def local_opening(self) -> str:
        """What it says first, in the reader's language."""
        return self.opening_zh if self.opening_zh and _reads_chinese() else self.opening

    @property
    def local_examples(self) -> list[str]:
        """What it can be asked, in the reader's language."""
        return self.examples_zh if self.examples_zh and _reads_chinese() else self.examples

    @property
    def model_id(self) -> str:
        """How programs name it: where a model's id stands."""
        return f"{PREFIX}{self.slug}"


class AssistantVersion(models.Model):
    """What shapes an answer; the newest version of an assistant counts, and none is edited (a trigger refuses)."""

    assistant = models.ForeignKey(Assistant, models.PROTECT, related_name="versions", verbose_name=_("assistant"))
    version = models.PositiveIntegerField(_("version"))
    prompt = models.TextField(_("prompt"))
    prompt_zh = models.TextField(_("prompt in Chinese"), blank=True)
    model_name = models.CharField(_("model"), max_length=120)
    max_output_tokens = models.PositiveIntegerField(_("longest answer"), null=True, blank=True)
    temperature = models.DecimalField(_("temperature"), max_digits=3, decimal_places=2, null=True, blank=True)
    longest_question_characters = models.PositiveIntegerField(_("longest question"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"))
    created_by = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("made by")
    )

    class Meta:
        verbose_name = _("version of an assistant")
        verbose_name_plural = _("versions of assistants")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(name="assistant_version_once", fields=["assistant", "version"]),
            models.CheckConstraint(name="assistant_version_counts", condition=Q(version__gte=1)),
            models.CheckConstraint(name="assistant_is_told_something", condition=~Q(prompt="")),
            models.CheckConstraint(
                name="assistant_temperature",
                condition=Q(temperature=None) | Q(temperature__gte=0, temperature__lte=2),
            ),
            models.CheckConstraint(
                name="assistant_answers_something",
                condition=(Q(max_output_tokens=None) | Q(max_output_tokens__gte=1))
                & (Q(longest_question_characters=None) | Q(longest_question_characters__gte=1)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assistant.model_id}@{self.version}"

    def prompt_for(self, question: str) -> str:
        """This will return the prompt in the language of the question: Chinese as soon as it holds any."""
        if not self.prompt_zh:
            return self.prompt
        return self.prompt_zh if _CHINESE.search(question) else self.prompt


class AssistantCall(models.Model):
    """Which assistant a call was made through: for its receipt, beside the books and never part of them."""

    call_id = models.UUIDField(_("call"), primary_key=True)
    version = models.ForeignKey(AssistantVersion, models.PROTECT, related_name="+", verbose_name=_("version"))

    def __str__(self) -> str:
        return str(self.call_id)


def _for_children(allowed: list[int] | None) -> Q:
    fits = Q(is_for_children=True)
    return fits if allowed is None else fits & Q(scenario__in=allowed)


def _reads_chinese() -> bool:
    return (get_language() or "").startswith("zh")
