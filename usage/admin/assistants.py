"""Assistants in admin: read with all their versions, published and withdrawn by the verbs of their makers."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.desks import ReadOnly, ReasonForm, reason_of, staff
from portal.kit import clock
from portal.kit.refusals import Refusal
from portal.kit.sentences import say
from usage import assistants
from usage.models import Assistant, AssistantVersion

if TYPE_CHECKING:  # these classes are generic in the stubs only
    Lines = admin.StackedInline[AssistantVersion, Assistant]
else:
    Lines = admin.StackedInline


class AssistantVersionLines(Lines):
    """What shaped its answers, version by version; what a business tells its own stays with the business."""

    model = AssistantVersion
    extra = 0
    can_delete = False
    ordering = ("-version",)
    fields = readonly_fields = (
        "version",
        "model_name",
        "told",
        "told_in_chinese",
        "max_output_tokens",
        "longest_question_characters",
        "temperature",
        "created_at",
        "created_by",
    )

    @admin.display(description=_("prompt"))
    def told(self, version: AssistantVersion) -> str:
        """This will show the prompt of the portal's own alone."""
        return version.prompt if version.assistant.account_id is None else str(_("kept by its account"))

    @admin.display(description=_("prompt in Chinese"))
    def told_in_chinese(self, version: AssistantVersion) -> str:
        """This will show the same in Chinese."""
        return version.prompt_zh if version.assistant.account_id is None else "–"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody write a version by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """This will let nobody edit one."""
        return False


@admin.register(Assistant)
class AssistantAdmin(ReadOnly[Assistant]):
    """The shelf of the portal and those of its accounts."""

    list_display = ("name", "model_id", "account", "audience", "is_for_children", "published_at", "withdrawn_at")
    list_select_related = ("account",)
    list_filter = (
        "audience",
        "is_for_children",
        ("account", admin.EmptyFieldListFilter),
        ("withdrawn_at", admin.EmptyFieldListFilter),
    )
    ordering = ("account", "position", "name")
    search_fields = ("name", "name_zh", "slug", "account__name")
    show_full_result_count = False
    inlines = (AssistantVersionLines,)
    action_form = ReasonForm
    actions = ("publish", "withdraw")

    @admin.action(description=_("Publish the chosen assistants"), permissions=["shelve"])
    def publish(self, request: HttpRequest, chosen: Any) -> None:
        """This will let each chosen one be started, for the first time or again."""
        reason = reason_of(request)
        published = 0
        for assistant in chosen.select_related("account") if reason else []:
            try:
                assistants.publish(assistant, by=staff(request), reason=reason, now=clock.now())
                published += 1
            except Refusal as no:
                self.message_user(request, say(no.sentence, no.details))
        if reason:
            told = ngettext("Published %(count)d assistant.", "Published %(count)d assistants.", published)
            self.message_user(request, told % {"count": published})

    @admin.action(description=_("Withdraw the chosen assistants"), permissions=["shelve"])
    def withdraw(self, request: HttpRequest, chosen: Any) -> None:
        """This will let nobody ask any of the chosen ones."""
        reason = reason_of(request)
        standing = list(chosen.filter(withdrawn_at=None).select_related("account")) if reason else []
        for assistant in standing:
            assistants.withdraw(assistant, by=staff(request), reason=reason, now=clock.now())
        if reason:
            told = ngettext("Withdrew %(count)d assistant.", "Withdrew %(count)d assistants.", len(standing))
            self.message_user(request, told % {"count": len(standing)})

    def has_shelve_permission(self, request: HttpRequest) -> bool:
        """This will ask for the right to change assistants."""
        return request.user.has_perm("usage.change_assistant")
