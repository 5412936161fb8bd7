"""A thumb up or down under an answer, and taking it back."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_POST

from accounts import members
from portal.kit import clock
from usage import votes as verbs
from usage.models import Turn

THUMBS = {"up": True, "down": False}


@require_POST
@login_required
def vote(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """This will say that an answer was good or was not; another word replaces the one of before."""
    member, thumb = members.current(request.user), request.POST.get("thumb", "")
    if thumb not in THUMBS:
        raise BadRequest
    said = verbs.cast(call_id, is_up=THUMBS[thumb], by=member, now=clock.now())
    return _shown(request, call_id, vote=said.is_up)


@require_POST
@login_required
def removal(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """This will take back what was said of an answer."""
    verbs.withdraw(call_id, by=members.current(request.user))
    return _shown(request, call_id, vote=None)


def _shown(request: HttpRequest, call_id: UUID, *, vote: bool | None) -> HttpResponse:
    if request.headers.get("HX-Request") == "true":
        return render(request, "usage/chat.html#votes", {"call_id": call_id, "vote": vote})
    turn = Turn.objects.get(call_id=call_id)
    return redirect(f"{resolve_url('conversation', turn.conversation_id)}#text-{turn.pk.hex}")
