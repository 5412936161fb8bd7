"""Who belongs to the account: the list, one person's page, roles, owners, and acting for another account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import domains, members, notifications, ownership
from accounts.callers import LONGEST_ID
from accounts.forms import AccountForm, ActingForm, MeForm, OwnershipForm, PlaceForm
from accounts.models import Invitation, Member, Notification, OwnershipOffer
from accounts.views.proof import person, proven
from portal.kit import clock, pages


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """This will show who is in the account and what it is called."""
    return page(request, members.current(request.user))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person_page(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will show one person; the owner changes the role and the department here."""
    viewer = members.current(request.user)
    shown = seen(viewer, member_id)
    form = PlaceForm(request.POST or None, member=shown)
    if request.method == "POST" and form.is_valid():
        members.place(shown, by=viewer, now=clock.now(), **form.cleaned_data)
        messages.info(request, _("The role was changed."))
        return redirect("person", shown.pk)
    words = {
        "shown": shown,
        "form": form,
        "viewer": viewer,
        "offer": shown.ownership_offers.standing(now=clock.now()).first(),
        "ownership_form": OwnershipForm(),
    }
    return render(request, "accounts/person.html", words, status=422 if form.is_bound else 200)


@login_required
@require_POST
@proven
def offers(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will offer ownership to a member."""
    viewer = members.current(request.user)
    form = OwnershipForm(request.POST)
    form.full_clean()
    ownership.offer(viewer, to=seen(viewer, member_id), is_handover=form.cleaned_data["is_handover"], now=clock.now())
    messages.info(request, _("The offer was made. It counts once the other person says yes, within seven days."))
    return redirect("person", member_id)


@login_required
@require_POST
@proven
def acceptance(request: HttpRequest, offer_id: int) -> HttpResponse:
    """This will take on ownership."""
    member = members.current(request.user)
    ownership.accept(get_object_or_404(OwnershipOffer, pk=offer_id, member=member), by=member, now=clock.now())
    messages.info(request, _("You own this account now."))
    return redirect("people")


@login_required
@require_POST
def refusal(request: HttpRequest, offer_id: int) -> HttpResponse:
    """This will decline ownership."""
    member = members.current(request.user)
    ownership.decline(get_object_or_404(OwnershipOffer, pk=offer_id, member=member), by=member, now=clock.now())
    messages.info(request, _("You declined. Nothing was changed."))
    return redirect("people")


@login_required
@require_POST
def withdrawal(request: HttpRequest, offer_id: int) -> HttpResponse:
    """This will take an offer of ownership back."""
    member = members.current(request.user)
    offer = get_object_or_404(OwnershipOffer, pk=offer_id, account=member.account_id)
    ownership.withdraw(offer, by=member, now=clock.now())
    messages.info(request, _("The offer was withdrawn."))
    return redirect("person", offer.member_id)


@login_required
@require_POST
@proven
def resignation(request: HttpRequest) -> HttpResponse:
    """This will let an owner step down."""
    owner = members.current(request.user)
    members.check_owner(owner)
    ownership.step_down(owner, now=clock.now())
    messages.info(request, _("You are an adult of this account now, and no longer its owner."))
    return redirect("people")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def acting(request: HttpRequest) -> HttpResponse:
    """This will list the accounts of a person; a POST chooses the one to act for in this browser."""
    user = person(request)
    mine = list(Member.objects.active().of(user).select_related("account").order_by("joined_at", "pk"))
    form = ActingForm(request.POST or None, mine=mine)
    if request.method == "POST" and form.is_valid():
        request.session["member_id"] = form.cleaned_data["member"]
        return redirect("home")
    parted = (
        Member.objects.of(user)
        .parted(since=clock.now() - members.LINGERS)
        .select_related("account")
        .order_by("-left_at")
    )
    words = {"mine": mine, "form": form, "doors": domains.doors_of(user), "parted": parted}
    return render(request, "accounts/acting.html", words, status=422 if form.is_bound else 200)


@login_required
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """This will show what the member was told."""
    told = Notification.objects.of(members.current(request.user))
    if request.GET.get("before"):
        told = told.filter(pk__lt=_key(request, "before"))
    return render(request, "accounts/news.html", {"told": pages.cut(list(told[: pages.PAGE_SIZE + 1]))})


@login_required
@require_POST
def sight(request: HttpRequest) -> HttpResponse:
    """This will note that the member has seen all of it."""
    notifications.see(members.current(request.user), now=clock.now())
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204)
    return redirect("news")


def page(
    request: HttpRequest, member: Member, *, extra: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """This will answer the page of people, with a form that was filled in wrongly among `extra`."""
    now = clock.now()
    account = member.account
    shown = Member.objects.seen_by(member).active().select_related("user", "department", "guardianship")
    shown = shown.filter(pk__gt=_key(request, "after")).order_by("pk")
    invited = Invitation.objects.seen_by(member).pending(now=now).select_related("asked_by")
    invited = invited.filter(pk__gt=_key(request, "invited_after")).order_by("pk")
    words: dict[str, Any] = {
        "people": pages.cut(list(shown[: pages.PAGE_SIZE + 1])),
        "invitations": pages.cut(list(invited[: pages.PAGE_SIZE + 1])),
        "offers": OwnershipOffer.objects.standing(now=now).filter(member=member).select_related("offered_by"),
        "owners": account.members.owners().count(),
        "account_form": AccountForm(initial={"name": account.name, "time_zone": account.time_zone}),
        "me_form": MeForm(initial={"name": member.name}),
    }
    return render(request, "accounts/people.html", words | (extra or {}), status=status)


def seen(viewer: Member, member_id: int) -> Member:
    """This will return a member of the account whom `viewer` may see, or answer 404."""
    found = Member.objects.seen_by(viewer).active().select_related("account", "user", "department", "guardianship")
    return get_object_or_404(found, pk=member_id)


def _key(request: HttpRequest, name: str) -> int:
    """The row from which a page of a list goes on; 0 where what was typed is no key."""
    typed = request.GET.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_ID else 0
