"""What people do that reaches into running calls: pausing a node, and leaving the account."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import members
from accounts.forms import RevocationForm
from accounts.models import Guardianship, Member
from accounts.models.account import MemberQuerySet
from accounts.views.proof import proven
from plans import nodes
from plans.models import Quota
from plans.nodes import Node
from portal.kit import clock
from usage import departures, pausing
from usage.models import Conversation


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def pause(request: HttpRequest, kind: str, node_id: int) -> HttpResponse:
    """This will show the switch; a POST pauses the node and stops what runs."""
    member, node = members.current(request.user), _node(request, kind, node_id)
    if request.method == "POST":
        if not node.may_change:
            raise members.OwnersOnly
        stopped = pausing.pause(node, by=member.user, now=clock.now())
        words = ngettext(
            "Paused. {number} answer under way was stopped.",
            "Paused. {number} answers under way were stopped.",
            stopped,
        )
        messages.info(request, words.format(number=stopped))
        return redirect("plans:quotas", kind, node_id)
    page = "usage/pause.html"
    is_hole = request.headers.get("HX-Request") == "true"
    return render(request, f"{page}#switch" if is_hole else page, {"node": node, "paused_at": pausing.paused_at(node)})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def going_on(request: HttpRequest, kind: str, node_id: int) -> HttpResponse:
    """This will let the node go on; a GET leads to the switch."""
    member, node = members.current(request.user), _node(request, kind, node_id)
    if request.method != "POST":
        return redirect("pause", kind, node_id)
    if not node.may_change:
        raise members.OwnersOnly
    pausing.resume(node, by=member.user, now=clock.now())
    messages.info(request, _("It goes on."))
    return redirect("plans:quotas", kind, node_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def removal(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will say what ends with a membership; a POST ends it."""
    viewer = members.current(request.user)
    shown = get_object_or_404(_removable(viewer), pk=member_id)
    form = RevocationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        departures.remove(shown, by=viewer.user, reason=form.cleaned_data["reason"], now=clock.now())
        messages.info(request, _("Done. Keys and devices stopped at once; figures stay where they were."))
        return redirect("people" if shown.pk != viewer.pk else "home")
    words = {
        "shown": shown,
        "form": form,
        "is_me": shown.pk == viewer.pk,
        "is_child": Guardianship.objects.filter(member=shown).exists(),
        "keys": shown.api_keys.filter(revoked_at=None).count(),
        "conversations": Conversation.objects.seen_by(shown.pk).count(),
    }
    return render(request, "usage/removal.html", words)


def _removable(viewer: Member) -> MemberQuerySet:
    """An owner lets go of everybody, a head of those led, and everybody but a child leaves."""
    seen = Member.objects.seen_by(viewer).active().select_related("account", "user")
    if viewer.owns():
        return seen
    if viewer.role == Member.Role.CHILD:
        return seen.none()
    if viewer.role == Member.Role.HEAD:
        return seen.filter(role=Member.Role.ADULT) | seen.filter(pk=viewer.pk)
    return seen.filter(pk=viewer.pk)


def _node(request: HttpRequest, kind: str, node_id: int) -> Node:
    if kind not in Quota.Node.values:
        raise Http404
    node = nodes.seen_by(members.current(request.user), kind=kind, node_id=node_id)
    if node.is_shared:
        raise Http404
    return node
