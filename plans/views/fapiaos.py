"""The page of e-fapiao, and their files."""

from uuid import UUID, uuid4

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import members
from plans import fapiaos as papers
from plans import forms, orders, titles
from plans.models import InvoiceTitle
from portal.kit import clock


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def fapiaos(request: HttpRequest) -> HttpResponse:
    """This will list what was asked for and how far it is; sending the form asks for one more."""
    reader = members.current(request.user)
    (orders.check_buyer if request.method == "POST" else orders.check_reader)(reader)
    own = list(InvoiceTitle.objects.in_use(reader.account_id))
    open_ones = papers.open_for(reader.account_id)
    form = forms.FapiaoForm(request.POST or None, invoices=open_ones, titles=own, initial={"asked": uuid4()})
    if form.is_valid():
        title = titles.get(int(form.cleaned_data["title"]), account_id=reader.account_id)
        numbers = form.cleaned_data["numbers"]
        papers.ask(form.fapiao_id, title=title, numbers=numbers, by=reader, now=clock.now())
        return redirect("plans:fapiaos")
    shown = {"fapiaos": papers.listed(reader.account_id), "form": form, "reader": reader}
    return render(request, "plans/fapiaos.html", shown | {"titles": own, "open": open_ones})


@never_cache
@require_GET
@login_required
def file(request: HttpRequest, fapiao_id: UUID) -> HttpResponse:
    """This will answer the file that the tax bureau issued."""
    reader = members.current(request.user)
    orders.check_reader(reader)
    content = papers.file_of(fapiao_id, account_id=reader.account_id)
    named = {"Content-Disposition": f'attachment; filename="{fapiao_id}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=named)
