"""What a guardian reads of a child under fourteen, where reading is on."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import members
from accounts.views.children import ward
from portal.kit import clock
from usage import markdown, reading
from usage.models import Conversation, Turn


@login_required
@never_cache
@require_safe
def chats(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will list the chats in which the child wrote since reading began."""
    child, now = ward(members.current(request.user), member_id), clock.now()
    words = {"shown": child, "headings": reading.headings(child.guardianship, now=now)}
    return render(request, "usage/reading.html", words)


@login_required
@never_cache
@require_safe
def chat(request: HttpRequest, member_id: int, conversation_id: UUID) -> HttpResponse:
    """This will show what was said in one of them since then."""
    child, now = ward(members.current(request.user), member_id), clock.now()
    kept = get_object_or_404(Conversation.objects.seen_by(child.pk), pk=conversation_id)
    said = reading.read(child.guardianship, kept, now=now)
    lines = [(each, markdown.render(each.text) if each.turn.role == Turn.ANSWER else "") for each in said]
    return render(request, "usage/reading.html", {"shown": child, "lines": lines})
