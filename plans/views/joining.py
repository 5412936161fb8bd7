"""The page behind the link of an invitation, and the owner's yes to who scanned a code."""

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import domains, invitations, members
from accounts.models import Invitation, User
from plans import joining
from portal.kit import clock


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, invitation_id: int, secret: str) -> HttpResponse:
    """This will show who invites into what; a POST accepts, or asks to be let in."""
    now = clock.now()
    found = invitations.find(invitation_id, secret, now=now)
    user = request.user if isinstance(request.user, User) else None
    if request.method == "POST" and user is None:
        return redirect(f"{reverse('account_signup')}?{urlencode({'next': request.path})}")
    if request.method == "POST" and user and found.way == Invitation.Way.SCREEN:
        if found.state == Invitation.State.OPEN:
            invitations.ask(found, user=user, now=now)
        return redirect(request.path)
    if request.method == "POST" and user:
        member = joining.accept(found, user=user, now=now)
        request.session["member_id"] = member.pk
        messages.info(request, _("Welcome! You act for this account now; its name stands at the top."))
        return redirect("chat")
    if found.state == Invitation.State.ASKED and (user is None or found.asked_by_id != user.pk):
        raise invitations.LinkEnded
    return render(request, "plans/invitation.html", {"invitation": found, "path": request.path})


@login_required
@require_POST
def confirmation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """This will let in who scanned the code."""
    member = members.current(request.user)
    seen = Invitation.objects.seen_by(member).select_related("account", "asked_by", "invited_by", "department")
    joining.confirm(get_object_or_404(seen, pk=invitation_id), by=member.user, now=clock.now())
    messages.info(request, _("They have joined. Say hello!"))
    return redirect("invitation_page", invitation_id)


@login_required
@require_POST
def door(request: HttpRequest, domain_id: int) -> HttpResponse:
    """This will let in who has a proven address at a domain of the account."""
    user = request.user
    assert isinstance(user, User)
    found = next((each for each in domains.doors_of(user) if each.pk == domain_id), None)
    if found is None:
        raise domains.DomainEnded
    member = joining.enter(found, user=user, now=clock.now())
    request.session["member_id"] = member.pk
    messages.info(request, _("Welcome! You act for this account now; its name stands at the top."))
    return redirect("chat")
