"""Sessions in use: when and from where, so that people recognize them in the list and end what is not theirs."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse

SEEN_EVERY_SECONDS = 300
_SEEN_AT = "seen_at"


class ActivityMiddleware:
    """Notes a session that is used, with its address and browser.

    Once in five minutes; allauth's own middleware would write on every page. A stream notes nothing: it would keep
    its connection to the database until it ends, and the page that opened it was noted.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This will hand the request on, and note afterwards whose session it was, if the view looked."""
        answer = self.get_response(request)
        if not answer.streaming and request.session.accessed and SESSION_KEY in request.session:
            _see(request)
        return answer


def _see(request: HttpRequest) -> None:
    now = int(time.time())
    if now - request.session.get(_SEEN_AT, 0) > SEEN_EVERY_SECONDS and request.user.is_authenticated:
        request.session[_SEEN_AT] = now
        UserSession.objects.create_from_request(request)
