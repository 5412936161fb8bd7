"""Models, the routes to them and the names that point to them, in admin; publishing is a verb that gives its reason."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from models_catalog import aliases, lifecycle, publishing
from models_catalog.desks import seed_page
from models_catalog.desks.base import CatalogDesk
from models_catalog.desks.forms import ChatModelForm
from models_catalog.models import Alias, AliasVersion, ChatModel, Route
from models_catalog.models.chat_model import CARD_IS_COMPLETE
from portal.kit import clock
from portal.kit.refusals import Refusal

if TYPE_CHECKING:  # these classes are generic in the stubs only
    RouteLine = admin.TabularInline[Route, ChatModel]
    VersionLine = admin.TabularInline[AliasVersion, Alias]
else:
    RouteLine = VersionLine = admin.TabularInline

AT_ONCE = 200
_NOTED = _("Noted")


class CardFilter(admin.SimpleListFilter):
    """Whether the data card answers everything."""

    title = _("data card")
    parameter_name = "card"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002 - Django's signature
        """This will offer whole cards and others."""
        return [("whole", _("whole")), ("open", _("something is missing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ChatModel]) -> QuerySet[ChatModel]:  # noqa: ARG002 - as above
        """This will keep the models whose card is so."""
        kept = {"whole": Q(CARD_IS_COMPLETE), "open": ~Q(CARD_IS_COMPLETE)}
        return queryset.filter(kept[self.value() or ""]) if self.value() in kept else queryset


class RouteInline(RouteLine):
    """Where a model can be called, on the model's own page."""

    model = Route
    extra = 0
    fields = ("upstream", "upstream_model", "priority", "disabled_at")

    def has_delete_permission(self, request: HttpRequest, obj: ChatModel | None = None) -> bool:  # noqa: ARG002 - Django's
        """This will say no: calls point to their route; it is disabled."""
        return False


class ChatModelAdmin(CatalogDesk[ChatModel]):
    """What callers may ask for."""

    list_display = ("name", "slug", "vendor", "state", "card", "data_region", "published_at")
    list_filter = ("state", CardFilter, ("published_at", admin.EmptyFieldListFilter), "vendor", "data_region")
    form = ChatModelForm
    list_select_related = ("vendor",)
    search_fields = ("name", "slug", "vendor__name")
    autocomplete_fields = ("vendor", "replacement")
    readonly_fields = ("prompt_permille", "published_at", "imported_notes", "onward")
    inlines = (RouteInline,)
    actions = ["publish", "withdraw"]
    change_form_template = "admin/chat_model.html"
    change_list_template = "admin/models.html"
    fieldsets = (
        (None, {"fields": ("onward", ("name", "slug"), ("vendor", "family"), "released_date")}),
        (_("What it can do"), {"fields": (("context_tokens", "max_output_tokens"), "tokenizer", "capabilities")}),
        (_("In words"), {"fields": ("summary", "summary_zh", "good_for", "good_for_zh")}),
        (_("Data card"), {"fields": publishing.CARD}),
        (_("Life"), {"fields": ("state", "published_at", ("retires_date", "replacement"))}),
        (_NOTED, {"classes": ("collapse",), "fields": ("imported_notes", "prompt_permille")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """This will give the page on which models are imported its address."""
        page = self.admin_site.admin_view(require_http_methods(["GET", "POST"])(self.imports))
        return [path("import/", page, name="models_catalog_chatmodel_import"), *super().get_urls()]

    def imports(self, request: HttpRequest) -> HttpResponse:
        """This will show what the reviewed file would bring, or bring it."""
        return seed_page.answer(self, request)

    def get_fieldsets(self, request: HttpRequest, obj: ChatModel | None = None) -> Any:
        """This will leave out what a new model has nothing of."""
        shown = super().get_fieldsets(request, obj)
        if obj is not None:
            return shown
        return [(name, {**part, "fields": _without(part["fields"])}) for name, part in shown if name != _NOTED]

    def save_model(
        self,
        request: HttpRequest,
        obj: ChatModel,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """This will store what was typed; an end is announced, moved or taken back by the verbs of a model's life."""
        day, replacement = obj.retires_date, obj.replacement
        if form.changes_end:
            obj.retires_date, obj.replacement_id = form.initial.get("retires_date"), form.initial.get("replacement")
        super().save_model(request, obj, form, change)
        if form.changes_end and day is not None:
            lifecycle.deprecate(obj, retires_date=day, replacement=replacement, now=clock.now())
        elif form.changes_end and obj.state in lifecycle.ENDING:
            lifecycle.keep(obj)

    @admin.display(description=_("data card"))
    def card(self, model: ChatModel) -> str:
        """This will tell how much of the card is filled in."""
        missing = [name for name in publishing.missing_of(model) if name in publishing.CARD]
        if not missing:
            return gettext("whole")
        return gettext("%(said)d of %(all)d") % {
            "said": len(publishing.CARD) - len(missing),
            "all": len(publishing.CARD),
        }

    @admin.display(description=_("Elsewhere"))
    def onward(self, model: ChatModel) -> str:
        """This will lead to the model's own page, and to its prices."""
        prices = f"{reverse('admin:models_catalog_price_changelist')}?chat_model__id__exact={model.pk}"
        links = [(prices, gettext("Prices, old and new"))]
        if model.published_at:
            links.insert(0, (model.get_absolute_url(), gettext("Its page")))
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    @admin.display(description=_("Imported"))
    def imported_notes(self, model: ChatModel) -> str:
        """This will show what public data says of it, field by field, from where and as of when."""
        rows = [_noted(name, said) for name, said in sorted(model.imported.items())]
        if not rows:
            return "–"
        return format_html("<ul>{}</ul>", format_html_join("", "<li><code>{}</code>: {} ({}, {})</li>", rows))

    def response_change(self, request: HttpRequest, obj: ChatModel) -> HttpResponse:
        """This will do what the two further buttons say, once what was typed is stored."""
        for word, verb in (("_publish", _publish), ("_withdraw", _withdraw)):
            if word in request.POST:
                self._tell(request, obj, verb=verb, reason=request.POST.get("reason", "").strip())
                return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

    @admin.action(description=_("Publish"), permissions=["change"])
    def publish(self, request: HttpRequest, chosen: QuerySet[ChatModel]) -> None:
        """This will publish the chosen models whose data card is whole, and say of the others what is missing."""
        self._each(request, chosen, verb=_publish)

    @admin.action(description=_("Withdraw"), permissions=["change"])
    def withdraw(self, request: HttpRequest, chosen: QuerySet[ChatModel]) -> None:
        """This will hide the chosen models that no alias points to."""
        self._each(request, chosen, verb=_withdraw)

    def _each(
        self, request: HttpRequest, chosen: QuerySet[ChatModel], *, verb: Callable[[ChatModel], tuple[bool, str]]
    ) -> None:
        reason = self.reason(request)
        if reason:
            for model in chosen[:AT_ONCE]:
                self._tell(request, model, verb=verb, reason=reason)

    def _tell(
        self,
        request: HttpRequest,
        model: ChatModel,
        *,
        verb: Callable[[ChatModel], tuple[bool, str]],
        reason: str,
    ) -> None:
        try:
            is_changed, said = verb(model)
        except Refusal as refusal:
            self.message_user(request, gettext(refusal.sentence).format_map(dict(refusal.details)), messages.ERROR)
            return
        if is_changed:
            self.note(request, f"staff{verb.__name__.replace('_', '.')}.chatmodel", model, reason=reason)
        self.message_user(request, said % {"model": model.name})


class RouteAdmin(CatalogDesk[Route]):
    """All routes at a glance."""

    list_display = ("chat_model", "upstream", "upstream_model", "priority", "disabled_at")
    list_filter = ("upstream", ("disabled_at", admin.EmptyFieldListFilter))
    list_select_related = ("chat_model", "upstream")
    search_fields = ("chat_model__name", "chat_model__slug", "upstream_model")
    autocomplete_fields = ("chat_model", "upstream")
    ordering = ("chat_model__name", "priority")
    actions = ["enable", "disable"]

    @admin.action(description=_("Put into service"), permissions=["change"])
    def enable(self, request: HttpRequest, chosen: QuerySet[Route]) -> None:
        """This will let calls take the chosen routes again."""
        self._switch(request, chosen.filter(disabled_at__isnull=False), verb="enable")

    @admin.action(description=_("Take out of service"), permissions=["change"])
    def disable(self, request: HttpRequest, chosen: QuerySet[Route]) -> None:
        """This will let no new call take the chosen routes."""
        self._switch(request, chosen.filter(disabled_at__isnull=True), verb="disable")

    def _switch(self, request: HttpRequest, chosen: QuerySet[Route], *, verb: str) -> None:
        reason = self.reason(request)
        if not reason:
            return
        routes = list(chosen.select_related("chat_model", "upstream")[:AT_ONCE])
        at = clock.now() if verb == "disable" else None
        for route in routes:
            Route.objects.filter(pk=route.pk).update(disabled_at=at)
            self.note(request, f"staff.{verb}.route", route, reason=reason, model=route.chat_model.slug)
        self.message_user(request, gettext("Routes changed: %(count)d") % {"count": len(routes)})


class VersionInline(VersionLine):
    """Where an alias pointed, and since when."""

    model = AliasVersion
    extra = 0
    fields = readonly_fields = ("version", "chat_model", "active_from", "set_by")
    ordering = ("-version",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody write one by hand: pointing an alias elsewhere makes one."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """This will let nobody change one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - as above
        """This will let nobody delete one."""
        return False


class AliasAdmin(CatalogDesk[Alias]):
    """Stable names; pointing one elsewhere adds a version."""

    list_display = ("name", "name_zh", "slug", "chat_model", "position")
    list_select_related = ("chat_model",)
    search_fields = ("name", "name_zh", "slug")
    autocomplete_fields = ("chat_model",)
    inlines = (VersionInline,)

    def save_model(
        self,
        request: HttpRequest,
        obj: Alias,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's signature
    ) -> None:
        """This will store the name, and let it point through the verb that keeps its versions."""
        super().save_model(request, obj, form, change)
        aliases.point(obj, obj.chat_model, by=request.user.pk, now=clock.now())


def _publish(model: ChatModel) -> tuple[bool, str]:
    changed = publishing.publish(model, now=clock.now())
    return changed, gettext("“%(model)s” is published.")


def _withdraw(model: ChatModel) -> tuple[bool, str]:
    return publishing.withdraw(model), gettext("“%(model)s” is withdrawn.")


def _noted(name: str, said: Any) -> tuple[str, str, str, str]:
    known = said if isinstance(said, dict) else {"value": said}
    return name, str(known.get("value", "")), str(known.get("source", "–")), str(known.get("date", "–"))


def _without(names: Any) -> list[Any]:
    return [name for name in names if name not in {"onward", "published_at"}]
