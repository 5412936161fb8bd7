"""The page "What a text costs": for everyone, counted by the one worker that may, and kept nowhere."""

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from models_catalog import price_cards, tokenizers
from usage import text_costs, texts
from usage.forms import USUAL_THIRDS, TextCostForm
from usage.texts import Answer, State

WAIT_SECONDS = 3.0


@sensitive_post_parameters("text")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def text_cost(request: HttpRequest) -> HttpResponse:
    """This will show the form; what is posted is counted, shown and forgotten."""
    is_fragment = request.headers.get("HX-Request") == "true"
    offerings = price_cards.offerings()
    asked = request.POST if request.method == "POST" else None
    chosen = price_cards.chosen(offerings, slug=(asked or request.GET).get("offering", ""))
    form = TextCostForm(
        asked, offerings=offerings, initial={"offering": chosen and chosen.slug, "answer": USUAL_THIRDS}
    )
    costs = None
    if form.is_valid() and form.cleaned_data["text"].strip():
        given = form.cleaned_data
        costs = text_costs.work_out(
            given["text"],
            answer=_counted(request, given["text"]),
            answer_thirds=given["answer"],
            callable_only=not given["all"],
            offering=chosen,
        )
    words = {"form": form, "text": _text_of(form), "costs": costs, "offering": chosen, "examples": text_costs.EXAMPLES}
    template = "usage/text_cost.html#costs" if is_fragment else "usage/text_cost.html"
    return render(request, template, words, status=422 if form.errors and not is_fragment else 200)


def _counted(request: HttpRequest, text: str) -> Answer:
    """Who counts again and again is told so and answered with estimates, as all are while too many wait."""
    if not ratelimit.consume(request, action="text_cost"):
        return Answer(State.LIMITED)
    return texts.count(text, names=tokenizers.NAMES, wait_seconds=WAIT_SECONDS, shown=text_costs.MOST_PIECES)


def _text_of(form: TextCostForm) -> str:
    given: str = form.cleaned_data.get("text", "") if form.is_bound and form.is_valid() else form["text"].value() or ""
    return given
