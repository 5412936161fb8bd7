"""The pages of the catalog: the list of models, and a page for each."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from models_catalog import burns, cards, comparing, entries, listing, price_cards, pricing, questions, snippets
from models_catalog.forms import SearchForm
from portal.kit import clock

KEPT_SECONDS = 60
"""How long others may keep the table of prices; announced prices stand in it long before they count."""


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
def model_list(request: HttpRequest) -> HttpResponse:
    """This will show the models that match what stands in the address: words, ticks, an order and a page."""
    form = SearchForm(request.GET, offerings=price_cards.offerings(), audience=_audience(request))
    among = entries.entries(at=form.at, now=clock.now())
    found = listing.find(form.wish(among=among), among=among, at=form.at)
    words = {"form": form, "found": found, "at": form.at, "offering": form.at and price_cards.name_of(form.at)}
    if request.headers.get("HX-Target") != "found":
        return render(request, "models_catalog/list.html", words)
    fragment = render(request, "models_catalog/list.html#swapped", words)
    fragment["HX-Push-Url"] = f"{request.path}{found.wish.address}"
    return fragment


@require_safe
def comparison(request: HttpRequest) -> HttpResponse:
    """This will show up to four models side by side."""
    offerings = price_cards.offerings()
    audience = _audience(request)
    at = price_cards.chosen(offerings, slug=request.GET.get("offering", ""), audience=audience)
    now = clock.now()
    among = entries.entries(at=at, now=now)
    shown = comparing.compare(request.GET.getlist("model"), among=among, at=at, now=now)
    taken = {column.entry.slug for column in shown.columns}
    others = sorted((each for each in among if each.slug not in taken), key=lambda each: (each.vendor, each.name))
    words = {
        "shown": shown,
        "others": others,
        "offerings": [(one.slug, price_cards.name_of(one)) for one in offerings],
        "at": at,
        "usual": price_cards.chosen(offerings, slug="", audience=audience),
        "example": pricing.EXAMPLE,
    }
    return render(request, "models_catalog/compare.html", words)


@require_safe
def price_table(request: HttpRequest) -> HttpResponse:
    """This will show what a token of each model costs, as a page, or as CSV or JSON, which anybody may keep a while."""
    found = burns.table(now=clock.now())
    asked = request.GET.get("format")
    if asked not in {"csv", "json"}:
        words = {"models": burns.by_model(found), "version": found.version}
        return render(request, "models_catalog/prices.html", words)
    answer: HttpResponse = (
        JsonResponse(burns.as_json(found))
        if asked == "json"
        else HttpResponse(burns.as_csv(found), content_type="text/csv; charset=utf-8")
    )
    answer["Content-Disposition"] = f'inline; filename="prices.{asked}"'
    patch_cache_control(answer, public=True, max_age=KEPT_SECONDS)
    return answer


@require_safe
@vary_on_headers("HX-Request")
def model_page(request: HttpRequest, slug: str) -> HttpResponse:
    """This will show what a model is good for, what it costs, how it does, where data goes and how to call it."""
    asked = request.GET.get("offering", "")
    card = cards.card_of(slug, offering=asked, audience=_audience(request), now=clock.now())
    if card is None:
        raise Http404(_("There is no such model."))
    named = [card.model.slug, *(alias.slug for alias in card.aliases)] if card.is_callable else []
    words = {
        "card": card,
        "model": card.model,
        "answers": questions.answers(card),
        "calls": [snippets.calls(name, base=settings.BASE_URL, number=number) for number, name in enumerate(named)],
        "example": pricing.EXAMPLE,
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    return render(request, f"models_catalog/model.html{'#price' if is_fragment else ''}", words)


def _audience(request: HttpRequest) -> str:
    """For whom they buy who look: what the bar of every page asks for as well, who they are and as whom they act."""
    member = getattr(request.user, "current_membership", None)
    return str(member.account.kind) if member else price_cards.HOUSEHOLD
