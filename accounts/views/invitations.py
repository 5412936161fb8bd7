"""Inviting: the form and the list, one invitation with its code, and what the owner does with it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import invitations as verbs
from accounts import members
from accounts.forms import InvitationForm
from accounts.models import Invitation, Member
from accounts.views.proof import person
from portal.kit import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """This will ask who is invited into which place; a POST keeps the place and sends or shows the link."""
    member = members.current(request.user)
    if member.role not in {Member.Role.OWNER, Member.Role.HEAD}:
        raise verbs.MayNotInvite
    form = InvitationForm(request.POST or None, inviter=member)
    if request.method == "POST" and form.is_valid():
        made = verbs.invite(member, form.place(), now=clock.now())
        return redirect("invitation_page", made.pk)
    return render(request, "accounts/invitations.html", {"form": form}, status=422 if form.is_bound else 200)


@login_required
@never_cache
@require_safe
def invitation_page(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """This will show one invitation: its code while it is for a screen, and who asks to come in."""
    invitation = _seen(request, invitation_id)
    now = clock.now()
    is_open = invitation.state == Invitation.State.OPEN and invitation.expires_at > now
    words = {
        "invitation": invitation,
        "is_open": is_open,
        "has_lapsed": invitation.ended_at is None and invitation.expires_at <= now,
        "link": verbs.link_of(invitation) if is_open and invitation.way == Invitation.Way.SCREEN else "",
    }
    page = "accounts/invitation.html"
    return render(request, f"{page}#state" if request.headers.get("HX-Request") else page, words)


@login_required
@require_POST
def sending(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """This will send a new link."""
    verbs.send_again(_seen(request, invitation_id), by=person(request), now=clock.now())
    messages.info(request, _("A new link is on its way; the old one no longer works."))
    return redirect("invitation_page", invitation_id)


@login_required
@require_POST
def withdrawal(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """This will withdraw it."""
    verbs.withdraw(_seen(request, invitation_id), by=person(request), now=clock.now())
    messages.info(request, _("The invitation was withdrawn. Its link no longer works."))
    return redirect("people")


@login_required
@require_POST
def refusal(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """This will send away who asked to come in."""
    verbs.decline(_seen(request, invitation_id), by=person(request), now=clock.now())
    messages.info(request, _("You said no. Nobody has joined."))
    return redirect("people")


def _seen(request: HttpRequest, invitation_id: int) -> Invitation:
    seen = Invitation.objects.seen_by(members.current(request.user))
    return get_object_or_404(seen.select_related("account", "department", "asked_by", "invited_by"), pk=invitation_id)
