"""What every table in admin has in common: records are only read, changes say why, long lists have an end."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast
from uuid import UUID

from babel.numbers import get_currency_precision
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.utils import flatten, flatten_fieldsets
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Account, User
from portal.kit import clock
from portal.kit.units import MICROCREDITS_PER_CREDIT

LONGEST_REASON = audit.LONGEST_REASON
ACCOUNTS_FOUND = 50
LONGEST_LIST = 1000
"""Rows of a long table that its list leads to; the search and the filters lead to the rest."""

Row = TypeVar("Row", bound=Model)

if TYPE_CHECKING:
    Desk = admin.ModelAdmin
    Pages = Paginator[Any]
else:
    Pages = Paginator

    class Desk(admin.ModelAdmin):
        """Django's own, which is generic in the stubs only."""

        def __class_getitem__(cls, _row: type[Model]) -> type["Desk"]:
            return cls


class Closed(Desk[Row]):
    """Addresses ask only about what the table shows: nothing hidden can be guessed letter by letter."""

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """This will refuse a lookup that begins with a column that neither the list, its filters nor the form show."""
        filters = {str(each[0] if isinstance(each, tuple) else each).split("__")[0] for each in self.list_filter}
        shown = {"id", self.date_hierarchy, *filters, *self.list_display, *flatten(self.get_fields(request))}
        hidden = {field.name for field in self.model._meta.fields if not field.primary_key} - shown
        return super().lookup_allowed(lookup, value, request) and lookup.split("__", maxsplit=1)[0] not in hidden


def reason_field() -> forms.CharField:
    """This will return the field in which staff say why they change something."""
    return forms.CharField(
        label=_("Why?"),
        max_length=LONGEST_REASON,
        help_text=_("One sentence, kept with the change."),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )


class Audited(Closed[Row]):
    """Every change by staff says why, and is written down."""

    def verb(self, row: Row, *, is_new: bool) -> str:
        """This will name what was done, as the audit keeps it."""
        return f"staff.{'add' if is_new else 'change'}.{row._meta.model_name}"

    def get_form(self, request: HttpRequest, obj: Row | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002 - Django's signature
        """This will ask for the reason beside the columns, whatever the form of the table is."""
        asking = type(self.form.__name__, (self.form,), {"reason": reason_field()})
        return super().get_form(request, obj, change, **{"form": asking, **kwargs})

    def get_fields(self, request: HttpRequest, obj: Row | None = None) -> Any:
        """This will put the reason last, where there is anything to change."""
        columns = [name for name in super().get_fields(request, obj) if name != "reason"]
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [*columns, *(["reason"] if may_write else [])]

    def get_fieldsets(self, request: HttpRequest, obj: Row | None = None) -> Any:
        """This will put the reason last in a form of several parts too."""
        shown = super().get_fieldsets(request, obj)
        if "reason" in flatten_fieldsets(shown) or "reason" not in self.get_fields(request, obj):
            return shown
        return [*shown, (None, {"fields": ["reason"]})]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """This will store what belongs to the row, and write down all that changed, by whom and why."""
        super().save_related(request, form, formsets, change)
        lines = {lines.model._meta.model_name for lines in formsets if lines.has_changed()}
        audit.record(
            self.verb(form.instance, is_new=not change),
            subject=str(form.instance),
            account=_account_of(form.instance),
            by=staff(request),
            now=clock.now(),
            reason=form.cleaned_data["reason"],
            fields=sorted({*form.changed_data, *lines} - {"reason"}),
            **self.told(form),
        )

    def told(self, form: Any) -> dict[str, object]:  # noqa: ARG002 - of tables that have more to say
        """This will tell what is written down beside the reason."""
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody delete: people leave, things are paused."""
        return False


class ReadOnly(Closed[Row]):
    """A record: it can be looked at and nothing else."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody write one by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002 - as above
        """This will let nobody change one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:  # noqa: ARG002 - as above
        """This will let nobody delete one."""
        return False


class EndingPaginator(Pages):
    """Counts no further than the longest list, so that a table of any size opens at once."""

    @cached_property
    def count(self) -> int:
        """The rows that the list leads to."""
        rows: QuerySet[Any] = cast("QuerySet[Any]", self.object_list)
        return len(rows.values_list("pk")[:LONGEST_LIST])


class Endless(ReadOnly[Row]):
    """A record that grows for ever: its list shows the newest, by the key alone."""

    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    paginator = EndingPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    list_per_page = 50


def filter_among(name: str, words: Any, choices: Mapping[str, Any]) -> type[admin.SimpleListFilter]:
    """This will make a filter that offers known values, instead of asking a long table which there are."""

    class Among(admin.SimpleListFilter):
        """One of the known values."""

        title, parameter_name = words, name

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002 - Django's signature
            """This will offer the values."""
            return list(choices.items())

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - as above
            """This will keep the rows of the chosen value."""
            return queryset.filter(**{name: self.value()}) if self.value() in choices else queryset

    return Among


class ReasonForm(ActionForm):
    """Why staff do it to the chosen rows."""

    reason = forms.CharField(label=_("Why?"), max_length=LONGEST_REASON, required=False)


def reason_of(request: HttpRequest) -> str:
    """This will return why staff do it to the chosen rows; when they did not say, it tells them to, and is empty."""
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    if not reason:
        messages.warning(request, _("Say why first; nothing was done."))
    return reason


def staff(request: HttpRequest) -> User:
    """This will return who sits at the desk."""
    assert isinstance(request.user, User)
    return request.user


def credits_column(name: str, label: Any) -> Any:
    """This will make a column that writes the microcredits of `name` as credits, to the last of them."""

    @admin.display(description=label, ordering=name)
    def column(row: Any) -> str:
        return in_credits(getattr(row, name))

    column.__name__ = f"{name}_in_credits"
    return column


def in_credits(microcredits: int) -> str:
    """This will write microcredits as credits: 9,999.5."""
    whole, rest = divmod(abs(microcredits), MICROCREDITS_PER_CREDIT)
    sign = "\u2212" if microcredits < 0 else ""
    part = f".{rest:06d}".rstrip("0") if rest else ""
    return f"{sign}{whole:,}{part}"


def money_column(name: str, label: Any) -> Any:
    """This will make a column that writes the minor units of `name` with the row's currency: 9.90 CNY."""

    @admin.display(description=label, ordering=name)
    def column(row: Any) -> str:
        places = get_currency_precision(row.currency)
        return f"{Decimal(getattr(row, name)).scaleb(-places):,} {row.currency}"

    column.__name__ = f"{name}_in_money"
    return column


def in_words(moment: datetime | None) -> str:
    """This will write a moment as Django's own lists do."""
    return formats.localize(timezone.localtime(moment)) if moment else "–"


def link(name: str, key: object, text: object) -> str:
    """This will lead to the page of a row in admin."""
    return format_html('<a href="{}">{}</a>', reverse(name, args=[key]), text)


def table(heads: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """This will write rows below their heads."""
    lines = ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    return format_html(
        '<div class="lines"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        format_html_join("", '<th scope="col">{}</th>', ((head,) for head in heads)),
        format_html_join("", "<tr>{}</tr>", lines),
    )


def by_id_or_account(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    """This will search a big table by what it has indexes for: its id, or the accounts found by name first."""
    words = words.strip()
    if not words:
        return rows
    try:
        return rows.filter(pk=UUID(words))
    except ValueError:
        found = Account.objects.filter(name__icontains=words).values_list("pk", flat=True)
        return rows.filter(account_id__in=list(found[:ACCOUNTS_FOUND]))


def _account_of(row: Model) -> Account | None:
    if isinstance(row, Account):
        return row
    return Account.objects.filter(pk=getattr(row, "account_id", None) or 0).first()
