"""Papers in admin: invoices and titles are read, e-fapiao are handed over, issued, declined and reversed."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _say
from django.utils.translation import gettext_lazy as _

from accounts.desks import Audited, EndingPaginator, Endless, ReasonForm, money_column, reason_of, staff
from plans import fapiaos
from plans.models import Fapiao, Invoice, InvoiceTitle
from portal.kit import clock
from portal.kit.refusals import Refusal

AT_ONCE = 20
LONGEST_NUMBER = 40

if TYPE_CHECKING:  # these classes are generic in the stubs only
    FapiaoShape = forms.ModelForm[Fapiao]
else:
    FapiaoShape = forms.ModelForm


@admin.register(InvoiceTitle)
class InvoiceTitleAdmin(Endless[InvoiceTitle]):
    """In whose name accounts want their invoices."""

    list_display = ("name", "kind", "tax_number", "account", "chosen_at", "removed_at")
    list_filter = ("kind",)
    list_select_related = ("account",)
    search_fields = ("name", "tax_number", "account__name")


@admin.register(Invoice)
class InvoiceAdmin(Endless[Invoice]):
    """What was issued; it never changes."""

    list_display = (
        "number",
        "account",
        "kind",
        money_column("total_minor", _("total")),
        money_column("tax_minor", _("tax")),
        "issued_at",
    )
    list_filter = ("kind", "issued_at")
    list_select_related = ("account",)
    ordering = ("-issued_at", "-pk")
    search_fields = ("number", "account__name", "order__id")
    fields = (
        "number",
        "account",
        "order",
        "invoice",
        "about_id",
        "issued_at",
        "what",
        money_column("total_minor", _("total")),
        money_column("tax_minor", _("tax")),
        "tax_basis_points",
        "sold_by",
        "bought_by",
    )
    readonly_fields = ("what", "sold_by", "bought_by")

    @admin.display(description=_("What"))
    def what(self, invoice: Invoice) -> str:
        """This will name what was bought."""
        return invoice.label

    @admin.display(description=_("seller"))
    def sold_by(self, invoice: Invoice) -> str:
        """This will show who sold it, as papers said then."""
        return _in_words(invoice.seller)

    @admin.display(description=_("buyer"))
    def bought_by(self, invoice: Invoice) -> str:
        """This will show who bought it, as papers said then."""
        return _in_words(invoice.buyer)


class FapiaoForm(FapiaoShape):
    """What the tax bureau issued: its number and its file."""

    number = forms.CharField(label=_("Number of the tax bureau"), max_length=LONGEST_NUMBER)
    pdf = forms.FileField(label=_("File"), help_text=_("The PDF that the tax bureau issued, at most 2 MB."))

    class Meta:
        model = Fapiao
        fields = ("number",)

    def clean_pdf(self) -> bytes:
        """This will take a PDF by what it holds; its name and claimed type are not asked."""
        content = bytes(self.cleaned_data["pdf"].read(fapiaos.LARGEST_FILE_BYTES + 1))
        if not content.startswith(b"%PDF-") or len(content) > fapiaos.LARGEST_FILE_BYTES:
            raise forms.ValidationError(_say(fapiaos.NotAPdf.sentence))
        return content


@admin.register(Fapiao)
class FapiaoAdmin(Audited[Fapiao]):
    """What customers asked for; one that was handed over is issued by adding its number and file."""

    form = FapiaoForm
    list_display = (
        "short_id",
        "account",
        money_column("total_minor", _("total")),
        "state",
        "asked_at",
        "tries",
        "reversal_asked_at",
        "number",
    )
    list_filter = ("state", "asked_at", ("reversal_asked_at", admin.EmptyFieldListFilter))
    list_select_related = ("account",)
    ordering = ("-asked_at", "-pk")
    paginator = EndingPaginator
    show_full_result_count = False
    search_fields = ("id", "number", "account__name", "parts__invoice__number")
    readonly_fields = (
        "account",
        "asked_by",
        "title",
        "invoices",
        money_column("total_minor", _("total")),
        money_column("tax_minor", _("tax")),
        "state",
        "asked_at",
        "handed_over_at",
        "reversal_asked_at",
    )
    action_form = ReasonForm
    actions = ("hand_over", "decline", "reverse")

    def get_fields(self, request: HttpRequest, obj: Fapiao | None = None) -> Any:
        """This will ask for number and file where they may be there by now."""
        asked = ["number", "pdf", "reason"] if self.has_change_permission(request, obj) else ["number", "reason"]
        return [*self.readonly_fields, *asked]

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        """This will let nobody make one up: customers ask."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Fapiao | None = None) -> bool:
        """This will let one be issued once it was handed over."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or obj.state == Fapiao.State.HANDED_OVER)

    def save_model(self, request: HttpRequest, obj: Fapiao, form: Any, change: bool) -> None:  # noqa: ARG002, FBT001 - Django's signature
        """This will issue it by the verb, which tells the customer."""
        given = form.cleaned_data
        issued = {"number": given["number"], "content": given["pdf"], "reason": given["reason"]}
        fapiaos.issue(obj, by=staff(request), now=clock.now(), **issued)

    def verb(self, row: Fapiao, *, is_new: bool) -> str:  # noqa: ARG002 - never new
        """This will call it what it is."""
        return "staff.issue.fapiao"

    @admin.display(description=_("in the name of"))
    def title(self, fapiao: Fapiao) -> str:
        """This will show the title as it was when it was asked for."""
        return _in_words(fapiao.buyer)

    @admin.display(description=_("invoices"))
    def invoices(self, fapiao: Fapiao) -> str:
        """This will name its invoices."""
        return ", ".join(part.invoice.number for part in fapiao.parts.select_related("invoice"))

    @admin.action(description=_("Note as handed over"), permissions=["change"])
    def hand_over(self, request: HttpRequest, chosen: QuerySet[Fapiao]) -> None:
        """This will note that staff handed them over."""
        self._do(fapiaos.hand_over, request, chosen)

    @admin.action(description=_("Decline; the customer reads why"), permissions=["change"])
    def decline(self, request: HttpRequest, chosen: QuerySet[Fapiao]) -> None:
        """This will end what cannot be issued."""
        self._do(fapiaos.decline, request, chosen)

    @admin.action(description=_("Note the red letter"), permissions=["change"])
    def reverse(self, request: HttpRequest, chosen: QuerySet[Fapiao]) -> None:
        """This will note that they were reversed at the tax bureau."""
        self._do(fapiaos.reverse, request, chosen)

    def _do(self, verb: Callable[..., None], request: HttpRequest, chosen: QuerySet[Fapiao]) -> None:
        reason = reason_of(request)
        for fapiao in chosen.select_related("account")[:AT_ONCE] if reason else []:
            try:
                verb(fapiao, by=staff(request), reason=reason, now=clock.now())
            except Refusal as refusal:
                messages.error(request, f"{fapiao.short_id}: {_say(refusal.sentence)}")
                continue
            fapiao.refresh_from_db()
            messages.info(request, f"{fapiao.short_id}: {fapiao.get_state_display()}")


def _in_words(side: Mapping[str, str]) -> str:
    """One of the two sides of a paper, in a line."""
    return " · ".join(value for name, value in side.items() if value and name != "kind")
