"""Which models a rule keeps from who looks: marks for the public list, and a page for who asks."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import callers
from models_catalog.models import ChatModel
from plans import access

MOST_NAMES = 200


@never_cache
@require_safe
def beyond(request: HttpRequest) -> HttpResponse:
    """This will name those of some models that a rule keeps from who looks; strangers have no rules."""
    member = request.user.current_membership if request.user.is_authenticated else None
    kept: list[ChatModel] = []
    if member:
        asked = ChatModel.objects.filter(slug__in=request.GET.getlist("model")[:MOST_NAMES])
        kept = list(access.kept_from(callers.of_member(member), asked))
    part = "#badges" if request.headers.get("HX-Request") == "true" else ""
    return render(request, f"plans/beyond.html{part}", {"kept": kept, "is_known": member is not None})
