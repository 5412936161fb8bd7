"""The pages of the catalog: the list of models, and a page for each."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from models_catalog import listing, snippets
from models_catalog.forms import SearchForm
from portal.kit import clock


@require_safe
def model_list(request: HttpRequest) -> HttpResponse:
    """This will show the models that match the search, the callable ones first."""
    form = SearchForm(request.GET)
    asked: dict[str, Any] = form.cleaned_data if form.is_valid() else {"q": "", "callable": False}
    found = listing.listing(words=asked["q"], callable_only=asked["callable"], now=clock.now())
    words = {
        "form": form,
        "is_filtered": bool(asked["q"] or asked["callable"]),
        "callable_models": [one for one in found if one.is_callable],
        "other_models": [one for one in found if not one.is_callable],
    }
    return render(request, "models_catalog/list.html", words)


@require_safe
def model_page(request: HttpRequest, slug: str) -> HttpResponse:
    """This will show what a model is good for, what it costs, where data goes and how to call it."""
    listed = listing.page_of(slug, now=clock.now())
    if listed is None:
        raise Http404(_("There is no such model."))
    words = {
        "listed": listed,
        "model": listed.model,
        "snippets": snippets.snippets(listed.model.slug, base=f"{settings.BASE_URL}/v1"),
        "example": listing.EXAMPLE,
    }
    return render(request, "models_catalog/model.html", words)
