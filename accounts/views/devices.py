"""Devices of children: the code that the guardian shows, the sign-in by it, and the tiles of a shared tablet."""

import re

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices as verbs
from accounts import members
from accounts.forms import ProfileForm
from accounts.models import Device, DeviceTicket, Member
from accounts.views.children import ward
from accounts.views.proof import proven
from portal.kit import clock

COOKIE = "__Host-device" if settings.SECURE else "device"
COOKIE_SECONDS = 400 * 24 * 3600
LONGEST_NAME = 100
MOST_SHOWN = 200
_SYSTEMS = ("iPad", "iPhone", "Android", "Windows", "Macintosh", "CrOS", "Linux")
_BROWSERS = ("MicroMessenger", "Edg", "Firefox", "Chrome", "Safari")


@login_required
@require_POST
@proven
def tickets(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will make the code that signs a child in on one device."""
    guardian = members.current(request.user)
    ticket = verbs.make_ticket(ward(guardian, member_id), by=guardian, now=clock.now())
    return redirect("device_code", member_id, ticket.pk)


@login_required
@never_cache
@require_safe
def code(request: HttpRequest, member_id: int, ticket_id: int) -> HttpResponse:
    """This will show the code, and tell when a device has used it."""
    child = ward(members.current(request.user), member_id)
    ticket = get_object_or_404(DeviceTicket.objects.select_related("device"), pk=ticket_id, member=child)
    is_open = ticket.used_at is None and ticket.expires_at > clock.now()
    words = {
        "shown": child,
        "ticket": ticket,
        "is_open": is_open,
        "link": settings.BASE_URL + verbs.path_of(ticket) if is_open else "",
    }
    page = "accounts/device_code.html"
    return render(request, f"{page}#state" if request.headers.get("HX-Request") else page, words)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def device_ticket(request: HttpRequest, ticket_id: int, secret: str) -> HttpResponse:
    """This will ask on the device whether to sign the child in; a POST does it, once."""
    now = clock.now()
    ticket = verbs.find(ticket_id, secret, now=now)
    if request.method != "POST":
        return render(request, "accounts/device_ticket.html", {"ticket": ticket, "child": ticket.member})
    signed_in = verbs.use(ticket, cookie=request.COOKIES.get(COOKIE, ""), name=_name_of(request), now=now)
    _sign_in(request, signed_in.member, signed_in.device)
    answer = redirect("chat")
    if signed_in.secret:
        answer.set_cookie(
            COOKIE, signed_in.secret, COOKIE_SECONDS, secure=settings.SECURE, httponly=True, samesite="Lax"
        )
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def who(request: HttpRequest) -> HttpResponse:
    """This will show the children on this device; a POST with the right PIN lets one of them in."""
    device = verbs.known(request.COOKIES.get(COOKIE, ""))
    if device is None:
        return redirect(settings.LOGIN_URL)
    shown = verbs.profiles(device)
    form = ProfileForm(request.POST or None)
    wrong = None
    if request.method == "POST" and form.is_valid():
        try:
            child = verbs.enter(device, now=clock.now(), **form.cleaned_data)
        except (verbs.WrongPin, verbs.PinLocked) as no:
            wrong = no
        else:
            _sign_in(request, child, device)
            return redirect("chat")
    words = {"profiles": shown, "form": form, "wrong": wrong, "chosen": form.data.get("member_id", "")}
    return render(request, "accounts/who.html", words, status=wrong.status if wrong else 200)


@require_POST
def leaving(request: HttpRequest) -> HttpResponse:
    """This will let a child go, so that the next one can be asked who they are."""
    logout(request)
    return redirect("who")


@login_required
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """This will list the children's devices of the household for its owners."""
    guardian = members.current(request.user)
    members.check_owner(guardian)
    shown = Device.objects.filter(account=guardian.account_id).prefetch_related("members")
    return render(request, "accounts/devices.html", {"devices": shown[:MOST_SHOWN]})


@login_required
@require_POST
@proven
def ending(request: HttpRequest, device_id: int) -> HttpResponse:
    """This will sign a device out of all its profiles."""
    guardian = members.current(request.user)
    members.check_owner(guardian)
    device = get_object_or_404(Device.objects.in_use(), pk=device_id, account=guardian.account_id)
    verbs.end(device, by=guardian, now=clock.now())
    messages.info(request, _("The device is signed out. It needs a new code to come back."))
    return redirect("devices")


def _sign_in(request: HttpRequest, child: Member, device: Device) -> None:
    """A new session with nothing of whoever sat here before."""
    logout(request)
    login(request, child.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session["device_id"] = device.pk
    request.session["member_id"] = child.pk


def _name_of(request: HttpRequest) -> str:
    """What the device is, as its browser says: iPad, Safari."""
    agent = request.headers.get("User-Agent", "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    browser = next((name for name in _BROWSERS if re.search(rf"\b{name}", agent)), "")
    said = ", ".join(filter(None, ("Mac" if system == "Macintosh" else system, browser)))
    return (said or _("Unknown device"))[:LONGEST_NAME]
