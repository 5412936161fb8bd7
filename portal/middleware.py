"""Turns a Refusal into the page or fragment of the way it came in, and says as whom a signed-in person acts."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts import devices
from accounts.models import User
from plans import extras
from portal.kit import clock, sentences
from portal.kit.refusals import Refusal, gettext_noop

NEXT_STEPS = {
    "no_account": ("/accounts/founding/", gettext_noop("Found a household or a business")),
    "already_founded": ("/people/", gettext_noop("Open the account")),
    "insufficient_quota": ("/plans/", gettext_noop("See the plans")),
    "may_not_issue": ("/people/", gettext_noop("See who owns the account")),
    "owners_only": ("/people/", gettext_noop("See who owns the account")),
    "too_many_keys": ("/keys/", gettext_noop("Open the keys")),
    "already_revoked": ("/keys/", gettext_noop("Open the keys")),
    "not_for_businesses": ("/people/acting/", gettext_noop("Choose another account")),
    "not_for_households": ("/people/acting/", gettext_noop("Choose another account")),
    "project_in_use": ("/keys/", gettext_noop("Open the keys")),
    "already_here": ("/people/", gettext_noop("Open the page of people")),
    "already_invited": ("/people/", gettext_noop("Open the page of people")),
    "last_owner": ("/people/", gettext_noop("Open the page of people")),
    "wrong_person": ("/people/", gettext_noop("See how you sign in")),
    "bad_pin": ("/people/", gettext_noop("Open the page of people")),
}
"""Where each refusal leads; the roof knows every floor's pages."""


class PlainAddressMiddleware:
    """An address with the character NUL, which PostgreSQL cannot hold, is refused before any view reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This will hand the request on."""
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            message = "the address holds the character NUL"
            raise BadRequest(message)
        return self.get_response(request)


class MembershipMiddleware:
    """A person acts as the membership that they chose in this browser; a child stays on devices in use."""

    CLOSED_TO_CHILDREN = (
        "/accounts/",
        "/people/",
        "/join/",
        "/keys/",
        "/billing/",
        "/plans/advice/",
        "/checkout/",
        "/board/",
        "/reclaims/",
        "/privacy/",
        "/admin/",
    )
    ON_THE_DEVICE = "/who/"
    STREAMS = "/chat/answers/"
    """Answers look themselves whether the child may: here, a stream would keep the connection that this look took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This will hand the request on; nothing is asked of the database before somebody asks who it is."""
        known = request.user

        def acting() -> object:
            if isinstance(known, User):
                known.acting_member_id = request.session.get("member_id")
            return known

        request.user = SimpleLazyObject(acting)  # type: ignore[assignment] # stands for the user, as Django's own does
        streams = request.path.startswith(self.STREAMS) and request.path.endswith("/stream/")
        if not streams and settings.SESSION_COOKIE_NAME in request.COOKIES and "device_id" in request.session:
            return self._of_child(request)
        return self.get_response(request)

    def _of_child(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.guarded_at:
            if not devices.is_signed_in(request.session["device_id"], user=user, now=clock.now()):
                logout(request)
                return self.get_response(request) if request.path.startswith(self.ON_THE_DEVICE) else redirect("who")
            if request.path.startswith(self.CLOSED_TO_CHILDREN):
                raise Http404
        return self.get_response(request)


class RefusalMiddleware:
    """Every view that raises a Refusal is answered as people read it; machines' refusals never come this far."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This will hand the request on; refusals come back through `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """This will answer a Refusal; any other exception is ours and goes on."""
        if not isinstance(exception, Refusal):
            return None
        answer = _as_page(request, exception)
        if exception.retry_after_seconds is not None:
            answer["Retry-After"] = str(exception.retry_after_seconds)
        return answer


def _as_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    fragment = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    template = "portal/refusal.html#sentence" if fragment else "portal/refusal.html"
    href, action = NEXT_STEPS.get(refusal.code, ("", ""))
    words = {
        "refusal": refusal,
        "sentence": sentences.say(refusal.sentence, refusal.details),
        "href": href,
        "action": action and _(action),
        "ask_path": extras.path_for(refusal) if request.user.is_authenticated else "",
    }
    return render(request, template, words, status=refusal.status)
