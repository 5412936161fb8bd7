"""The pages that belong to no floor: home, help, the style guide, and the files that browsers ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from models_catalog import catalog, pricing
from models_catalog.curves import Curve
from models_catalog.models import Alias
from models_catalog.pricing import Usage
from plans import meaning, offerings
from plans.models import OfferingVersion
from plans.offerings import Item
from portal import brand
from portal.kit.units import Microcredits, credits
from usage import averages


@dataclass(frozen=True)
class Example:
    """What an average occasion costs on a model today, and how often an offering pays for it."""

    used: Usage
    offer: catalog.Offer
    version: OfferingVersion

    @property
    def input_cost(self) -> Microcredits:
        """What goes in."""
        return Microcredits(self.cost - self.output_cost)

    @property
    def output_cost(self) -> Microcredits:
        """What comes out."""
        return pricing.cost(Usage(out_text=self.used.output_tokens), self.offer.rates)

    @property
    def cost(self) -> Microcredits:
        """Both."""
        return pricing.cost(self.used, self.offer.rates)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """This will answer what is sold here, from which price, and what a question costs today."""
    shelf = offerings.shelf(audience="household")
    plan = _cheapest(shelf.plans)
    words = {"is_home": True, "plan": plan, "pack": _cheapest(shelf.packs)}
    return render(request, "portal/home.html", words | _examples(plan))


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    """This will answer what people ask: credits, payment, refunds, children, the quick start."""
    words = {
        "api_base": f"{settings.BASE_URL}/v1",
        "aliases": _aliases(),
        "life": meaning.averages(),
        "fewest_calls": averages.FEWEST_CALLS,
        "fewest_own_calls": averages.FEWEST_OWN_CALLS,
        "page_tokens": meaning.PAGE_TOKENS,
    }
    plan = _cheapest(offerings.shelf(audience="household").plans)
    return render(request, "portal/help.html", words | _examples(plan))


@require_safe
def more(request: HttpRequest) -> HttpResponse:
    """This will answer the sections that a phone's bar has no room for."""
    return render(request, "portal/more.html")


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """This will answer every element in every state, in the demo and while developing."""
    if not (settings.DEMO or settings.DEBUG):
        raise Http404
    form = _SampleForm({"month": "plain"}) if "wrong" in request.GET else _SampleForm()
    amounts = [credits(whole) for whole in _SAMPLE_AMOUNTS]
    words = {"form": form, "chart": _sample_chart(), "amounts": amounts, "million": credits(1_000_000)}
    words |= {
        "curve": Curve(lines=_SAMPLE_LINES, top=5_000),
        "curve_of_one": Curve(lines=((None, 700, None),), top=1_000),
    }
    return render(request, "portal/style.html", words | _SAMPLES)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """This will tell crawlers what is public."""
    return render(request, "portal/robots.txt", content_type="text/plain; charset=utf-8")


@require_safe
def manifest(_request: HttpRequest) -> HttpResponse:
    """This will tell phones what to put on their home screen."""
    name = brand.current().site_name or settings.SITE_NAME
    icon = {"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    words = {"name": name, "short_name": name, "start_url": "/", "display": "standalone", "icons": [icon]}
    return JsonResponse(words, content_type="application/manifest+json")


@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """This will lead browsers that ask for the old file to the real one."""
    return redirect(static("favicon.svg"))


def _cheapest(shelf: Sequence[Item]) -> OfferingVersion | None:
    return min((item.version for item in shelf), key=lambda each: each.price_minor, default=None)


def _examples(version: OfferingVersion | None) -> dict[str, object]:
    """This will price a homework question, a letter and an hour of code; nothing without such a model."""
    known = meaning.averages()
    try:
        offer = catalog.offer(meaning.MODEL)
    except (catalog.UnknownModel, catalog.NotConnected):
        return {}
    if version is None:
        return {}
    return {
        "homework_calls": known[meaning.HOMEWORK_QUESTION].calls,
        "homework": Example(known[meaning.HOMEWORK_QUESTION].used, offer, version),
        "letter": Example(known[meaning.LETTER].used, offer, version),
        "agent": Example(known[meaning.AGENT_HOUR].used, offer, version),
        "meaning": meaning.of(Microcredits(version.microcredits)),
    }


def _aliases() -> list[Alias]:
    return list(Alias.objects.select_related("chat_model__vendor").order_by("position"))


_SAMPLE_AMOUNTS = (0, 800, 9_999, 612_040, 6_612_040, 10_000_000, 1_250_000_000)
_SAMPLE_DAYS = 30
_SAMPLE_USED = 21
_SAMPLE_LINES = ((900, 1_100, None, None, 800, 1_000, 950), (2_100, 3_900, None, None, 1_900, 2_400, 2_200))
_SAMPLES: dict[str, object] = {
    "features": ["All connected models", "Pay by phone bill", "Top up from ¥1 when you run out"],
    "segments": [{"label": "Day", "href": "#"}, {"label": "Month", "href": "#", "current": True}],
    "steps": [{"label": "Choose", "state": "done"}, {"label": "Pay", "state": "current"}, {"label": "Use"}],
}


class _SampleForm(forms.Form):
    name = forms.CharField(help_text="What your family or company is called.")
    kind = forms.ChoiceField(
        choices=[("household", "Household"), ("business", "Business")],
        widget=forms.RadioSelect,
        required=False,
    )
    month = forms.IntegerField(min_value=1, max_value=12, required=False)
    note = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    agree = forms.BooleanField(label="I agree to the terms", help_text="Nothing is ticked for you.")


@dataclass(frozen=True)
class _SampleDay:
    date: date
    parts: list[Microcredits]


@dataclass(frozen=True)
class _SampleChart:
    series: tuple[str, ...]
    days: list[_SampleDay]
    even_pace: Microcredits


def _sample_chart() -> _SampleChart:
    days = [
        _SampleDay(date(2026, 11, 1) + timedelta(offset), [_sample(offset, person) for person in range(3)])
        for offset in range(_SAMPLE_DAYS)
    ]
    return _SampleChart(("Parent", "Partner", "Child"), days, credits(1_333_333))


def _sample(offset: int, person: int) -> Microcredits:
    return credits((offset + 1) * 7919 * (person + 3) % 500_000 if offset < _SAMPLE_USED else 0)
