"""The shelf of assistants, a page for each, and how a business makes its own."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import members
from accounts.models import Member, User
from models_catalog import snippets
from portal.kit import clock, sentences
from usage import assistants as verbs
from usage import pickers, showcase
from usage.forms import AssistantForm, ShelfForm
from usage.models import Assistant
from usage.models.assistant import may_make

MOST_VERSIONS_SHOWN = 20


@never_cache
@require_safe
def shelf(request: HttpRequest) -> HttpResponse:
    """This will show the assistants that the viewer may know of: the account's own, and the portal's."""
    form = ShelfForm(request.GET)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {"q": "", "audience": ""}
    words = {
        "form": form,
        "shelf": showcase.shelf(_viewer(request), audience=asked["audience"], words=asked["q"]),
        "is_filtered": bool(asked["q"] or asked["audience"]),
        "segments": _segments(asked),
    }
    return render(request, "usage/assistants.html", words)


@never_cache
@require_safe
def assistant(request: HttpRequest, slug: str) -> HttpResponse:
    """This will show what an assistant does, on which model, within which bounds, and how it is started."""
    viewer = _viewer(request)
    shown = showcase.page_of(slug, viewer)
    if shown is None:
        raise Http404(_("There is no such assistant."))
    is_maker = shown.is_own and viewer is not None and may_make(viewer)
    words = {
        "shown": shown,
        "snippets": snippets.calls(shown.assistant.model_id, base=settings.BASE_URL).snippets,
        "is_maker": is_maker,
        "versions": shown.assistant.versions.order_by("-version").select_related("created_by")[:MOST_VERSIONS_SHOWN]
        if is_maker
        else [],
    }
    return render(request, "usage/assistant.html", words)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """This will ask what an assistant of the business is to be; a POST makes it, for its makers to try."""
    maker = _maker(request)
    form = AssistantForm(request.POST or None, maker=maker, picker=pickers.for_member(maker))
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.make(
                form.cleaned_data["slug"], card=form.card(), terms=form.terms(), by=maker, now=clock.now()
            )
        except verbs.SlugTaken as no:
            form.add_error("slug", sentences.say(no.sentence, no.details))
        else:
            messages.info(request, _("The assistant is made. Try it, then publish it for your colleagues."))
            return redirect("assistant", made.assistant.slug)
    return render(request, "usage/assistant_form.html", {"form": form}, status=422 if form.is_bound else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revision(request: HttpRequest, slug: str) -> HttpResponse:
    """This will ask what is to change; a POST changes it, as a new version where its answers change."""
    maker = _maker(request)
    own = _own(maker, slug)
    version = verbs.current(own)
    form = AssistantForm.of(version, request.POST or None, maker=maker, picker=pickers.for_member(maker))
    if request.method == "POST" and form.is_valid():
        verbs.revise(own, card=form.card(), terms=form.terms(), by=maker, now=clock.now())
        messages.info(
            request, _("The assistant was changed. Conversations that began before keep what they began with.")
        )
        return redirect("assistant", slug)
    words = {"form": form, "revised": own}
    return render(request, "usage/assistant_form.html", words, status=422 if form.is_bound else 200)


@login_required
@require_POST
def publication(request: HttpRequest, slug: str) -> HttpResponse:
    """This will let everybody of the account start it, for the first time or again."""
    maker = _maker(request)
    verbs.publish(_own(maker, slug), by=maker.user, reason="", now=clock.now())
    messages.info(request, _("Everybody in the account can start it now."))
    return redirect("assistant", slug)


@login_required
@require_POST
def withdrawal(request: HttpRequest, slug: str) -> HttpResponse:
    """This will let nobody ask it any more."""
    maker = _maker(request)
    verbs.withdraw(_own(maker, slug), by=maker.user, reason="", now=clock.now())
    messages.info(request, _("The assistant was withdrawn. What it answered stays in the chats."))
    return redirect("assistant", slug)


def _viewer(request: HttpRequest) -> Member | None:
    """As whom somebody looks; who is not signed in, or belongs nowhere, sees what is public."""
    return request.user.current_membership if isinstance(request.user, User) else None


def _maker(request: HttpRequest) -> Member:
    maker = members.current(request.user)
    verbs.check_maker(maker)
    return maker


def _own(maker: Member, slug: str) -> Assistant:
    return get_object_or_404(Assistant.objects.select_related("account"), account=maker.account_id, slug=slug)


def _segments(asked: dict[str, Any]) -> list[dict[str, object]]:
    choices = [("", _("For all")), *((each.value, each.label) for each in Assistant.Audience if each != "everyone")]
    kept = {"q": asked["q"]} if asked["q"] else {}
    return [
        {
            "label": label,
            "href": f"{reverse('assistants')}?{urlencode(kept | ({'audience': value} if value else {}))}".rstrip("?"),
            "current": asked["audience"] == value,
        }
        for value, label in choices
    ]
