"""Proof that it is still the same person at the screen, asked for before money and safety change."""

import secrets
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows import login, reauthentication
from allauth.decorators import rate_limit
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import senders
from accounts.forms import ProofForm
from accounts.models import User

FRESH_SECONDS = 300
CODE_SECONDS = 300
CODE_DIGITS = 6
MOST_TRIES = 5
_STATE = "proof"

View = Callable[..., HttpResponse]


def person(request: HttpRequest) -> User:
    """This will return who is signed in."""
    assert isinstance(request.user, User)
    return request.user


def proven(view: View) -> View:
    """This will let a POST through only shortly after the person signed in or proved to be the same.

    The request waits in the session and goes on by itself afterwards.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or is_fresh(request):
            return view(request, *args, **kwargs)
        known = reauthentication.get_reauthentication_flows(person(request))
        page = {"reauthenticate": "account_reauthenticate", "mfa_reauthenticate": "mfa_reauthenticate"}
        asks = reverse(page[known[0]["id"]] if known else "proof")
        answer: HttpResponse = reauthentication.suspend_request(request, asks)
        return answer

    return guarded


def is_fresh(request: HttpRequest) -> bool:
    """This will tell whether the person signed in, or proved to be the same, within the last minutes."""
    records = login.get_authentication_records(request, person(request))
    return any(time.time() - record["at"] < FRESH_SECONDS for record in records)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@rate_limit(action="reauthenticate")  # type: ignore[untyped-decorator]  # allauth ships no types
def proof(request: HttpRequest) -> HttpResponse:
    """This will ask who signs in by code alone for a new one, and go on with what they were about to do."""
    user = person(request)
    form = ProofForm(request.POST or None)
    if request.method != "POST":
        _send_code(request, user)
    elif form.is_valid() and _fits(request, form.cleaned_data["code"]):
        login.record_authentication(request, user, method="code", reauthenticated=True)
        resumed: HttpResponse | None = reauthentication.resume_request(request)
        return resumed or redirect(settings.LOGIN_REDIRECT_URL)
    elif form.is_valid():
        form.add_error("code", _("This is not the code, or it is too old. Open this page again for a new one."))
    status = 422 if form.is_bound else 200
    return render(request, "accounts/proof.html", {"form": form, "contact": user.email or user.phone}, status=status)


def _send_code(request: HttpRequest, user: User) -> None:
    known = request.session.get(_STATE)
    if known and known["until"] > time.time() and known["tries"] < MOST_TRIES:
        return  # a reload sends no second one
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    text = render_to_string("accounts/sms/code.txt", {"code": code}, request=request).strip()
    if user.email:
        send_mail(_("Your code"), text, None, [user.email])
    elif user.phone:
        senders.send_sms(user.phone, text)
    request.session[_STATE] = {"digest": _digest(code), "until": time.time() + CODE_SECONDS, "tries": 0}


def _fits(request: HttpRequest, code: str) -> bool:
    known = request.session.get(_STATE)
    if not known or known["until"] <= time.time() or known["tries"] >= MOST_TRIES:
        return False
    request.session[_STATE] = known | {"tries": known["tries"] + 1}
    if not constant_time_compare(_digest(code), known["digest"]):
        return False
    del request.session[_STATE]
    return True


def _digest(code: str) -> str:
    return salted_hmac("accounts.proof", code, algorithm="sha256").hexdigest()
