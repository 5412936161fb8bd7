"""Asking for more and answering it, on a phone as well as on a desk."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import members
from accounts.models import Member
from plans import extras as verbs
from plans import standings
from plans.forms import AmountForm, ExtraForm
from plans.models import Extra, Quota
from portal.kit import clock, pages
from portal.kit.units import MICROCREDITS_PER_CREDIT

USUAL_MINUTES = 30


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def extras(request: HttpRequest) -> HttpResponse:
    """This will list what was asked for; a POST asks for more."""
    member = members.current(request.user)
    if request.method == "POST":
        form = ExtraForm(request.POST or request.GET)
        if form.is_valid():
            if request.headers.get("HX-Request") == "true":
                return render(request, "plans/extra.html#asked", {"extra_id": _tap(member, form)})
            made = _ask(member, form)
            messages.info(request, _("Asked. You hear from it here as soon as somebody answers."))
            return redirect("plans:extra", made.pk)
        return render(request, "plans/extra_asking.html", {"form": form}, status=422)
    shown = Extra.objects.seen_by(member).select_related("member", "quota")[: pages.PAGE_SIZE]
    if "about" in request.GET:
        return render(request, "plans/extra_asking.html", {"form": ExtraForm(initial=request.GET.dict())})
    return render(request, "plans/extras.html", {"requests": shown})


@login_required
@require_safe
def extra(request: HttpRequest, extra_id: int) -> HttpResponse:
    """This will show one request: to who asked how it stands, to who decides the buttons."""
    member = members.current(request.user)
    shown = _seen(member, extra_id)
    is_open = shown.state == Extra.State.OPEN and shown.expires_at > clock.now()
    words = {
        "shown": shown,
        "is_open": is_open,
        "may_answer": is_open and verbs.may_answer(shown, by=member),
        "standing": standings.of([shown.quota])[0] if shown.quota else None,
        "form": AmountForm(initial={"amount": _in_words(shown, shown.asked) or _usual(shown)}),
    }
    return render(request, "plans/extra.html", words)


@login_required
@require_POST
def approval(request: HttpRequest, extra_id: int) -> HttpResponse:
    """This will give more, all of it or a part."""
    member = members.current(request.user)
    shown = _seen(member, extra_id)
    form = AmountForm(request.POST)
    if not form.is_valid():
        raise verbs.BadAmount
    amount = form.cleaned_data["amount"] * (MICROCREDITS_PER_CREDIT if _counts_credits(shown) else 1)
    verbs.approve(shown, amount=amount, by=member, now=clock.now())
    messages.info(request, _("Given. It ends by itself."))
    return redirect("plans:extra", extra_id)


@login_required
@require_POST
def refusal(request: HttpRequest, extra_id: int) -> HttpResponse:
    """This will say no."""
    member = members.current(request.user)
    shown = _seen(member, extra_id)
    verbs.decline(shown, by=member, now=clock.now())
    messages.info(request, _("You said no; who asked is told."))
    return redirect("plans:extra", extra_id)


@login_required
@require_POST
def withdrawal(request: HttpRequest, extra_id: int) -> HttpResponse:
    """This will take one's own request back."""
    member = members.current(request.user)
    verbs.withdraw(get_object_or_404(Extra, pk=extra_id, member=member), now=clock.now())
    messages.info(request, _("The request was taken back."))
    return redirect("plans:extras")


def _seen(member: Member, extra_id: int) -> Extra:
    return get_object_or_404(Extra.objects.seen_by(member).select_related("member", "account", "quota"), pk=extra_id)


def _tap(member: Member, form: ExtraForm) -> object:
    """A second tap leads to what the first one asked."""
    try:
        return _ask(member, form).pk
    except verbs.AlreadyAsked as asked:
        return asked.details["extra_id"]


def _ask(member: Member, form: ExtraForm) -> Extra:
    given = form.cleaned_data
    quota = Quota.objects.in_force().filter(pk=given["quota"] or 0, account=member.account_id).first()
    amount = given["amount"]
    if amount and quota and quota.metric == Quota.Metric.MICROCREDITS:
        amount *= MICROCREDITS_PER_CREDIT
    return verbs.ask(member, about=given["about"], quota=quota, amount=amount, reason=given["reason"], now=clock.now())


def _counts_credits(extra: Extra) -> bool:
    return extra.quota is not None and extra.quota.metric == Quota.Metric.MICROCREDITS


def _in_words(extra: Extra, amount: int | None) -> int | None:
    return amount and (amount // MICROCREDITS_PER_CREDIT if _counts_credits(extra) else amount)


def _usual(extra: Extra) -> int | None:
    """What is offered where nobody said how much."""
    return None if extra.about == Extra.About.QUOTA else USUAL_MINUTES
