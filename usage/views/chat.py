"""The chat page: a conversation, its composer and what it will cost."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import callers, children, members
from accounts.models import Member, Scenario
from plans import extras, ledger
from portal.kit import clock, sentences
from portal.kit.refusals import Refusal
from usage import answers, conversations, pickers, questions, showcase, unfolding
from usage.forms import QuestionForm
from usage.models import AssistantVersion, Conversation
from usage.models.assistant import PREFIX
from usage.pickers import Picker


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """This will show an empty conversation; sending the form asks its first question."""
    member = members.current(request.user)
    if request.method == "POST":
        return _ask(request, member, conversation=None)
    if "assistant" in request.GET:
        return _beginning(request, member, slug=request.GET["assistant"])
    return _page(request, member, conversation=None, model=request.GET.get("model", ""))


@never_cache
@require_GET
@login_required
def conversation(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """This will show a conversation; an answer on its way goes on arriving."""
    member = members.current(request.user)
    shown = _seen_by(member, conversation_id)
    return _page(request, member, conversation=shown, model=shown.model_name)


@require_POST
@login_required
def turns(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """This will ask the next question of a conversation."""
    member = members.current(request.user)
    return _ask(request, member, conversation=_seen_by(member, conversation_id))


@require_POST
@login_required
def removal(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """This will delete a conversation; its calls stay in the books."""
    conversations.remove(_seen_by(members.current(request.user), conversation_id))
    return redirect("chat")


@require_POST
@login_required
def estimate(request: HttpRequest) -> HttpResponse:
    """This will say what the question in the composer would cost."""
    member, form = members.current(request.user), QuestionForm(request.POST)
    model = request.POST.get("model", "")
    version = _version(member, conversation=None, model=model)
    chosen = _picker(member, version, conversation=None, model=model).chosen
    figures = None
    if chosen and form.is_valid() and form.cleaned_data["text"].strip():
        text = form.cleaned_data["text"]
        scenario = form.cleaned_data["scenario"]
        figures = questions.estimate(member, text=text, model_name=chosen.slug, scenario_id=scenario, now=clock.now())
    return render(request, "usage/chat.html#estimate", {"estimate": figures, "chosen": chosen})


@require_GET
@login_required
def export(request: HttpRequest, conversation_id: UUID) -> HttpResponse:
    """This will give a conversation as a Markdown file in which each answer is marked as AI-generated."""
    kept = _seen_by(members.current(request.user), conversation_id)
    said = conversations.read(kept, now=clock.now())
    response = render(request, "usage/export.md", {"said": said}, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="conversation-{kept.pk}.md"'
    return response


def _beginning(request: HttpRequest, member: Member, *, slug: str) -> HttpResponse:
    """A new conversation with an assistant; one of its examples may stand in the composer already."""
    version = _version(member, conversation=None, model=f"{PREFIX}{slug}")
    if version is None:
        raise Http404(_("There is no such assistant."))
    found = version.assistant
    examples, chosen = found.local_examples, request.GET.get("example", "")
    is_one = chosen.isascii() and chosen.isdigit() and len(chosen) == 1 and int(chosen) < len(examples)
    extra = {"draft": examples[int(chosen)]} if is_one else None
    return _page(request, member, conversation=None, model=found.model_id, extra=extra)


def _version(member: Member, *, conversation: Conversation | None, model: str) -> AssistantVersion | None:
    """The assistant's that a conversation began with, or that a new one names."""
    if conversation is not None:
        return conversation.assistant_version
    if not unfolding.is_assistant(model):
        return None
    try:
        return showcase.seen_version(model, callers.of_member(member))
    except Refusal:
        return None


def _picker(
    member: Member, version: AssistantVersion | None, *, conversation: Conversation | None, model: str
) -> Picker:
    if version is None:
        return pickers.for_member(member, chosen=model)
    return pickers.of_assistant(version, name=unfolding.name_of(version) if conversation else model)


def _seen_by(member: Member, conversation_id: UUID) -> Conversation:
    seen = Conversation.objects.seen_by(member.pk).select_related(
        "account", "handed_over_by", "assistant_version__assistant__scenario"
    )
    return get_object_or_404(seen, pk=conversation_id)


def _ask(request: HttpRequest, member: Member, *, conversation: Conversation | None) -> HttpResponse:
    form = QuestionForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {name: request.POST.get(name, "") for name in form.fields}
    try:
        answer = questions.ask(
            member,
            conversation=conversation,
            text=given["text"],
            model_name=given["model"],
            scenario_id=form.cleaned_data.get("scenario"),
            now=clock.now(),
        )
    except Refusal as refusal:
        if request.headers.get("HX-Request") == "true":
            raise
        return _refused(request, member, conversation, refusal, given)
    return redirect("conversation", answer.conversation_id)


def _refused(
    request: HttpRequest,
    member: Member,
    conversation: Conversation | None,
    refusal: Refusal,
    given: dict[str, Any],
) -> HttpResponse:
    sentence = sentences.say(refusal.sentence, refusal.details)
    extra = {
        "refusal": sentence,
        "draft": given["text"],
        "scenario": given["scenario"],
        "ask_path": extras.path_for(refusal),
    }
    return _page(request, member, conversation=conversation, model=given["model"], extra=extra, status=refusal.status)


def _page(
    request: HttpRequest,
    member: Member,
    *,
    conversation: Conversation | None,
    model: str,
    extra: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    headings = conversations.headings(member, now=now)
    version = _version(member, conversation=conversation, model=model)
    picker = _picker(member, version, conversation=conversation, model=model)
    context = {
        "headings": headings,
        "conversation": conversation,
        "title": next((each.title for each in headings if each.conversation == conversation), ""),
        "said": answers.shown(conversation, now=now) if conversation else [],
        "aliases": picker.aliases,
        "choices": picker.choices,
        "chosen": picker.chosen,
        "version": version,
        "assistant": version and version.assistant,
        "estimate": None,
        "left": ledger.balance(member.account_id, now=now).left,
        "scenario": conversation.scenario_id if conversation else None,
        **_of_line(member, now=now),
    }
    return render(request, "usage/chat.html", context | (extra or {}), status=status)


def _of_line(member: Member, *, now: datetime) -> dict[str, Any]:
    """What a question can be for; a child may be bound to some of it, and told that guardians read along."""
    guardianship = getattr(member, "guardianship", None)
    offered = Scenario.objects.offered_to(member.account_id).filter(paused_at=None)
    chosen = guardianship.scenario_ids if guardianship else None
    if chosen is not None:
        offered = offered.filter(pk__in=chosen)
    return {
        "scenarios": offered,
        "must_choose": chosen is not None,
        "read_by": guardianship is not None and children.may_be_read(guardianship, now=now),
    }
