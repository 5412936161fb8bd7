"""The pages of what is sold: the shelf, one offering, some side by side, and which plan fits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import members
from plans import eligibility, fitting, forms, gifts, offerings, orders
from plans.models import Offering, OfferingVersion
from portal.kit import clock, sentences
from portal.kit.refusals import Refusal

MOST_MODELS = 24
"""So many models are named on the page of an offering; the list of models has them all."""
MOST_BESIDE = 4
SIGN_UP = "account_signup"


@require_safe
def plans(request: HttpRequest, audience: str = Offering.Audience.HOUSEHOLD) -> HttpResponse:
    """This will show what a household or a business can buy."""
    shelf = offerings.shelf(audience=audience)
    return render(request, "plans/plans.html", {"shelf": shelf, "audience": audience})


@require_safe
def offer(request: HttpRequest, slug: str) -> HttpResponse:
    """This will show all that there is to know about one offering before it is bought."""
    version = offerings.shown(slug)
    models = offerings.models_of(version.model_patterns).offered()
    shown = {
        "item": offerings.item_of(version),
        "version": version,
        "models": models[:MOST_MODELS],
        "model_count": models.count(),
        "pack": offerings.bought_then(version),
        "announced": offerings.announced(version.offering),
        "why_not": _why_not(request, version),
        "order": _order_id(request, version),
    }
    return render(request, "plans/offer.html", shown)


@never_cache
@require_POST
def gift(request: HttpRequest, slug: str) -> HttpResponse:
    """This will give the account what costs nothing."""
    version = offerings.shown(slug)
    if not request.user.is_authenticated:
        return redirect(f"{reverse(SIGN_UP)}?{urlencode({'next': reverse('plans:offer', args=[slug])})}")
    taker = members.current(request.user)
    orders.check_buyer(taker)
    order_id = orders.read_id(request.POST.get("order", ""), by=taker)
    order = gifts.accept(version, order_id=order_id, by=taker, now=clock.now())
    return redirect("plans:order", order.pk)


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """This will put up to four offerings side by side, named in the address."""
    asked = list(dict.fromkeys(slug for slug in request.GET.getlist("plan") if slug))
    known = {version.offering.slug: version for version in offerings.everything_shown()}
    found = [slug for slug in asked if slug in known]
    columns = [
        (offerings.item_of(known[slug]), urlencode([("plan", other) for other in found[:MOST_BESIDE] if other != slug]))
        for slug in found[:MOST_BESIDE]
    ]
    others = [version for slug, version in known.items() if slug not in found]
    left_out = [known[slug].label for slug in found[MOST_BESIDE:]]
    shown = {"columns": columns, "others": others, "is_full": len(columns) >= MOST_BESIDE, "left_out": left_out}
    return render(request, "plans/compare.html", shown)


@require_safe
def fit(request: HttpRequest) -> HttpResponse:
    """This will ask three questions and answer with the plan that fits; the answers stand in the address."""
    audience = request.GET.get("for", Offering.Audience.HOUSEHOLD)
    form = forms.FitForm(request.GET if "people" in request.GET else None, audience=audience)
    found = fitting.fit(form.answers()) if form.is_valid() else None
    return render(request, "plans/fit.html", {"form": form, "audience": form.audience, "found": found})


def _why_not(request: HttpRequest, version: OfferingVersion) -> str:
    """A sentence for who is signed in and cannot buy it; what holds for everybody stands in the terms."""
    member = request.user.current_membership if request.user.is_authenticated else None
    if member is None:
        return ""
    try:
        orders.check_buyer(member)
        eligibility.check(version, account_id=member.account_id, now=clock.now())
    except Refusal as refusal:
        return sentences.say(refusal.sentence, refusal.details)
    return ""


def _order_id(request: HttpRequest, version: OfferingVersion) -> str:
    """The id under which a gift is taken, so that a second press takes nothing more."""
    member = request.user.current_membership if request.user.is_authenticated else None
    return orders.new_id(member) if member and not version.price_minor else ""
