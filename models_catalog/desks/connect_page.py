"""The page on which a vendor is connected: address and key, a test, models found, prices, data card, publish."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_catalog import connecting, probes, publishing, snippets, upstreams
from models_catalog.connecting import Standing
from models_catalog.desks import connect_words
from models_catalog.desks.base import CatalogDesk
from models_catalog.desks.connect_bench import bench_of, rows_of
from models_catalog.desks.connect_forms import ChosenForm, SharedForm, are_right
from models_catalog.desks.endpoint_forms import EndpointForm
from models_catalog.desks.forms import refused_words
from models_catalog.models import ChatModel, Upstream
from models_catalog.probes import Endpoint, Probed
from portal.kit import clock, egress

PRIVATE_RIGHT = "models_catalog.reach_private_networks"
PUBLISHING_RIGHTS = (
    "models_catalog.change_upstream",
    "models_catalog.add_chatmodel",
    "models_catalog.change_chatmodel",
    "models_catalog.add_route",
    "models_catalog.change_route",
    "models_catalog.add_price",
)
COST_RIGHT = "models_catalog.add_vendorprice"
MOST_SHOWN = 100
LONGEST_ID = 18


def answer(desk: CatalogDesk[Upstream], request: HttpRequest, *, object_id: str | None) -> HttpResponse:
    """This will show the page, test an endpoint, or publish what was chosen."""
    upstream = _upstream(desk, request, object_id)
    if request.method == "POST" and "_publish" in request.POST and upstream.pk:
        return _publish(desk, request, upstream)
    if request.method == "POST":
        return _test(desk, request, upstream)
    return _show(desk, request, upstream, form=_endpoint_form(request, upstream))


def _upstream(desk: CatalogDesk[Upstream], request: HttpRequest, object_id: str | None) -> Upstream:
    if object_id is None:
        if not desk.has_add_permission(request):
            raise PermissionDenied
        return Upstream()
    is_number = object_id.isascii() and object_id.isdigit() and len(object_id) <= LONGEST_ID
    upstream = Upstream.objects.select_related("vendor").filter(pk=int(object_id) if is_number else 0).first()
    if not desk.has_change_permission(request, upstream):
        raise PermissionDenied
    if upstream is None:
        raise Http404
    return upstream


def _endpoint_form(request: HttpRequest, upstream: Upstream, data: Any = None) -> EndpointForm:
    return EndpointForm(data, instance=upstream, may_reach_private=request.user.has_perm(PRIVATE_RIGHT))


def _test(desk: CatalogDesk[Upstream], request: HttpRequest, upstream: Upstream) -> HttpResponse:
    before = connecting.standing_of(upstream)
    form = _endpoint_form(request, upstream, request.POST)
    if not form.is_valid():
        return _show(desk, request, upstream, form=form)
    try:
        probed = probes.probe(_endpoint(form), model_name=form.cleaned_data["model_name"])
    except egress.AddressRefused as refusal:
        form.add_error("base_url", refused_words(refusal))
        return _show(desk, request, upstream, form=form)
    except upstreams.UnreadableSecret:
        form.add_error("secret", gettext("The kept key does not open any more. Type it again."))
        return _show(desk, request, upstream, form=form)
    words = connect_words.found(probed)
    if not probed.is_sound:
        if upstream.pk and not set(form.changed_data) - {"reason", "model_name"}:
            upstreams.note_test(upstream, has_passed=False, words=words, now=clock.now())
        return _refuse(desk, request, form, words=words)
    try:
        kept = _keep(desk, request, form=form, before=before, probed=probed, words=words)
    except connecting.Moved as refusal:
        return _refuse(desk, request, form, words=gettext(refusal.sentence))
    messages.add_message(request, messages.SUCCESS if probed.has_passed else messages.WARNING, words)
    return HttpResponseRedirect(_address(kept))


def _refuse(desk: CatalogDesk[Upstream], request: HttpRequest, form: EndpointForm, *, words: str) -> HttpResponse:
    form.add_error(None, words)
    if form.cleaned_data.get("secret") or not form.instance.pk:
        form.add_error("secret", gettext("Nothing was kept, so type the key again."))
    return _show(desk, request, form.instance, form=form)


@transaction.atomic
def _keep(
    desk: CatalogDesk[Upstream],
    request: HttpRequest,
    *,
    form: EndpointForm,
    before: Standing,
    probed: Probed,
    words: str,
) -> Upstream:
    secret = form.cleaned_data["secret"]
    kept = connecting.keep(form.instance, before=before, secret=secret, probed=probed, words=words, now=clock.now())
    is_moved = (kept.base_url, kept.may_be_private) != (before.base_url, before.may_be_private)
    desk.note(
        request,
        "staff.connect.upstream",
        kept,
        reason=form.cleaned_data["reason"],
        fields=sorted(set(form.changed_data) - {"reason", "model_name"}),
        **({"address": kept.base_url, "may_be_private": kept.may_be_private} if is_moved else {}),
    )
    return kept


def _endpoint(form: EndpointForm) -> Endpoint:
    upstream: Upstream = form.instance
    return Endpoint(
        base_url=upstream.base_url,
        dialect=upstream.dialect,
        secret=form.cleaned_data["secret"] or upstreams.open_secret(upstream),
        is_private=upstream.may_be_private,
    )


def _publish(desk: CatalogDesk[Upstream], request: HttpRequest, upstream: Upstream) -> HttpResponse:
    if not _may_publish(request):
        raise PermissionDenied
    bench = bench_of(request, upstream)
    rows = rows_of(bench, request.POST)
    shared = SharedForm(request.POST, upstream=upstream)
    form = _endpoint_form(request, upstream)
    if not rows or not are_right(shared, rows):
        return _show(desk, request, upstream, form=form, rows=rows, shared=shared)
    wishes = [row.wish() for row in rows if not row.is_left_out]
    if not wishes:
        shared.add_error(None, gettext("Tick at least one model."))
        return _show(desk, request, upstream, form=form, rows=rows, shared=shared)
    if any(wish.cost for wish in wishes) and not request.user.has_perm(COST_RIGHT):
        raise PermissionDenied
    try:
        published = _connect(desk, request, upstream, wishes=wishes, shared=shared)
    except connecting.NotConnectable as refusal:
        shared.add_error(None, gettext(refusal.sentence))
        for row in rows:
            why = refusal.reasons.get(row.match.found.upstream_model)
            if why is not None:
                row.add_error(None, gettext(why.sentence).format_map(dict(why.details)))
        return _show(desk, request, upstream, form=form, rows=rows, shared=shared)
    done = urlencode([("done", model.pk) for model in published])
    return HttpResponseRedirect(f"{_address(upstream)}?{done}")


@transaction.atomic
def _connect(
    desk: CatalogDesk[Upstream],
    request: HttpRequest,
    upstream: Upstream,
    *,
    wishes: list[connecting.Wish],
    shared: SharedForm,
) -> list[ChatModel]:
    reason, terms = shared.cleaned_data["reason"], shared.terms()
    if upstreams.enable(upstream):
        desk.note(request, "staff.enable.upstream", upstream, reason=reason)
    by, now = request.user.pk, clock.now()
    published = connecting.connect(upstream, wishes, card=shared.card(), terms=terms, by=by, now=now)
    for model, wish in zip(published, wishes, strict=True):
        told = {"upstream": upstream.slug} | connect_words.told(wish, terms)
        desk.note(request, "staff.publish.chatmodel", model, reason=reason, **told)
    return published


def _show(
    desk: CatalogDesk[Upstream],
    request: HttpRequest,
    upstream: Upstream,
    *,
    form: EndpointForm,
    rows: list[ChosenForm] | None = None,
    shared: SharedForm | None = None,
) -> HttpResponse:
    kept = Upstream.objects.filter(pk=upstream.pk).select_related("vendor").first() if upstream.pk else None
    context = desk.admin_site.each_context(request) | {
        "title": gettext("Connecting %(name)s") % {"name": kept.name} if kept else _("Connect a vendor"),
        "opts": desk.opts,
        "form": form,
        "kept": kept,
        "may_publish": _may_publish(request),
        "may_note_costs": request.user.has_perm(COST_RIGHT),
    }
    if kept is not None:
        bench = bench_of(request, kept)
        context |= {
            "bench": bench,
            "shown": bench.shown[:MOST_SHOWN],
            "more": max(len(bench.shown) - MOST_SHOWN, 0),
            "ticked": {match.found.pk for match in bench.chosen},
            "rows": rows_of(bench) if rows is None else rows,
            "shared": shared or SharedForm(upstream=kept),
            "card_fields": publishing.CARD,
            "term_fields": ("currency", "exchange_rate", "source", "source_date"),
            "done": _done(request, kept),
        }
    return render(request, "admin/connect.html", context)


def _done(request: HttpRequest, upstream: Upstream) -> list[tuple[ChatModel, str]]:
    keys = [key for key in request.GET.getlist("done") if key.isascii() and key.isdigit() and len(key) <= LONGEST_ID]
    models = ChatModel.objects.published().filter(pk__in=keys, route__upstream=upstream).distinct()
    return [(model, snippets.calls(model.slug, base=settings.BASE_URL).snippets[0].code) for model in models]


def _may_publish(request: HttpRequest) -> bool:
    return all(request.user.has_perm(right) for right in PUBLISHING_RIGHTS)


def _address(upstream: Upstream) -> str:
    return reverse("admin:models_catalog_upstream_reconnect", args=[upstream.pk])
