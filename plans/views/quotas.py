"""What a node may use and call: its quotas as they stand, and its rule of access."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import members
from accounts.members import OwnersOnly
from accounts.views.proof import person
from plans import access, meaning, nodes, standings
from plans import quotas as verbs
from plans.forms import AccessForm, QuotaForm
from plans.models import Quota
from plans.nodes import Node
from portal.kit import clock
from portal.kit.sentences import say
from portal.kit.units import Microcredits


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def quotas(request: HttpRequest, kind: str, node_id: int) -> HttpResponse:
    """This will show a node's quotas and its rule; a POST sets a quota."""
    node = _seen(request, kind, node_id)
    form = QuotaForm(request.POST or None)
    status = 422 if form.is_bound else 200
    if request.method == "POST":
        _check(node)
        if form.is_valid():
            now = clock.now()
            try:
                terms = form.terms(account_id=node.account.pk, now=now)
                verbs.put(node.account, node_kind=kind, node_id=node_id, terms=terms, by=person(request), now=now)
            except (verbs.BadQuota, verbs.NoPlanToCount) as no:
                form.add_error(None, say(no.sentence, no.details))
                status = no.status
            else:
                messages.info(request, _("The quota holds from the next call on."))
                return redirect("plans:quotas", kind, node_id)
    return _page(request, node, form=form, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def ending(request: HttpRequest, quota_id: int) -> HttpResponse:
    """This will ask before a quota is ended; a POST ends it."""
    member = members.current(request.user)
    quota = get_object_or_404(Quota.objects.in_force(), pk=quota_id, account=member.account_id, is_brake=False)
    node = _seen(request, quota.node_kind, quota.node_id)
    _check(node)
    if request.method != "POST":
        return render(request, "plans/ending.html", {"node": node, "quota": quota})
    verbs.end(quota, by=member.user, now=clock.now())
    messages.info(request, _("The quota was ended; what it counted stays in the books."))
    return redirect("plans:quotas", quota.node_kind, quota.node_id)


@login_required
@require_POST
def rule(request: HttpRequest, kind: str, node_id: int) -> HttpResponse:
    """This will set which models a node may call and where its questions may go."""
    node = _seen(request, kind, node_id)
    _check(node)
    form = AccessForm(request.POST, rule=access.rule_of(node))
    if not form.is_valid():
        return _page(request, node, form=QuotaForm(), access_form=form, status=422)
    access.put(node, form.rule(), by=person(request), now=clock.now())
    messages.info(request, _("The rule holds from the next call on."))
    return redirect("plans:quotas", kind, node_id)


def _page(
    request: HttpRequest, node: Node, *, form: QuotaForm, access_form: AccessForm | None = None, status: int = 200
) -> HttpResponse:
    in_force = Quota.objects.in_force().filter(account=node.account, node_kind=node.kind, node_id=node.id)
    shown = standings.of(in_force.select_related("chat_model").order_by("pk"))
    counted = [each.most for each in shown if each.quota.counts_days_of_credits]
    rule_now, kinds = access.rule_of(node), meaning.KINDS_OF[node.account.kind]
    words = {
        "node": node,
        "standings": shown,
        "rule": rule_now,
        "form": form,
        "access_form": access_form or AccessForm(rule=rule_now),
        "life": meaning.of(Microcredits(min(counted)), kinds=kinds) if counted else None,
    }
    is_hole = request.headers.get("HX-Request") == "true"
    page = "plans/quotas.html"
    return render(request, f"{page}#hole" if is_hole else page, words, status=status)


def _seen(request: HttpRequest, kind: str, node_id: int) -> Node:
    if kind not in Quota.Node.values:
        raise Http404
    return nodes.seen_by(members.current(request.user), kind=kind, node_id=node_id)


def _check(node: Node) -> None:
    if not node.may_change:
        raise OwnersOnly
