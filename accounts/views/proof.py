"""Proof that it is still the same person at the screen, asked for before money and safety change."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import login, reauthentication
from django.http import HttpRequest, HttpResponse

from accounts.models import User

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
        ways = get_adapter().get_reauthentication_methods(person(request))
        answer: HttpResponse = reauthentication.suspend_request(request, ways[0]["url"])
        return answer

    return guarded


def is_fresh(request: HttpRequest) -> bool:
    """This will tell whether the person signed in, or proved to be the same, within the last minutes."""
    records = login.get_authentication_records(request, person(request))
    return any(time.time() - record["at"] < app_settings.REAUTHENTICATION_TIMEOUT for record in records)
