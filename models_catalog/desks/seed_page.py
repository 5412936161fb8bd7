"""The reviewed file of models, beside the catalog: what an import of it would bring, and bringing it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from models_catalog import importing
from models_catalog.desks.base import CatalogDesk
from models_catalog.importing import SEED, Plan
from models_catalog.models import ChatModel
from portal.kit import clock

RIGHTS = tuple(
    f"models_catalog.{name}" for name in ("add_vendor", "add_chatmodel", "change_chatmodel", "add_vendorprice")
)
"""An import adds vendors, models and list prices, and changes what nobody edited here."""


def answer(desk: CatalogDesk[ChatModel], request: HttpRequest) -> HttpResponse:
    """This will show what an import would change, line by line; a POST that says why carries it out."""
    if not request.user.has_perms(RIGHTS):
        raise PermissionDenied
    if request.method == "POST":
        reason = desk.reason(request)
        if reason:
            _carry_out(desk, request, reason=reason)
        return HttpResponseRedirect(request.path)
    seed = importing.read(SEED)
    plan = importing.look(seed)
    words = {
        **desk.admin_site.each_context(request),
        "opts": ChatModel._meta,
        "title": _("Import models"),
        "seed": seed,
        "lines": list(plan.lines),
        "held": plan.held,
        "is_new": _changes(plan),
    }
    return render(request, "admin/seeds.html", words)


@transaction.atomic
def _carry_out(desk: CatalogDesk[ChatModel], request: HttpRequest, *, reason: str) -> None:
    seed = importing.read(SEED)
    known = {model.slug for model in seed.models}
    accepted = sorted(known & set(request.POST.getlist("accept")))
    plan = importing.carry_out(seed, accepted=accepted, by=request.user.pk, now=clock.now())
    counts = {what.replace(" ", "_"): count for what, count in plan.counts.items()}
    desk.note(request, "models.import", SEED.name, reason=reason, accepted=accepted, **counts)
    said = _("Imported: %(models)d new models, %(fields)d changed fields, %(prices)d list prices.")
    figures = {
        "models": counts["models_new"],
        "fields": counts["fields_changed"],
        "prices": counts["list_prices_noted"],
    }
    messages.success(request, said % figures)


def _changes(plan: Plan) -> bool:
    return bool(plan.vendors or plan.models or plan.notes or any(one.changes for one in plan.differences))
