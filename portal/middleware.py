"""Turns a Refusal into the page, fragment or JSON of the way it came in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.kit.refusals import Refusal, gettext_noop

NEXT_STEPS = {
    "no_account": ("/accounts/founding/", gettext_noop("Found a household or a business")),
    "already_founded": ("/people/", gettext_noop("Open the account")),
    "insufficient_quota": ("/plans/", gettext_noop("See the plans")),
    "may_not_issue": ("/people/", gettext_noop("See who owns the account")),
    "owners_only": ("/people/", gettext_noop("See who owns the account")),
    "too_many_keys": ("/keys/", gettext_noop("Open the keys")),
    "already_revoked": ("/keys/", gettext_noop("Open the keys")),
}
"""Where each refusal leads; the roof knows every floor's pages."""


_TYPES = {
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    429: "rate_limit_error",
    503: "server_error",
}
"""OpenAI's error types by status."""


class RefusalMiddleware:
    """Everything that raises a Refusal is answered in the shape that its reader understands."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """This will hand the request on; refusals come back through `process_exception`."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """This will answer a Refusal; any other exception is ours and goes on."""
        if not isinstance(exception, Refusal):
            return None
        answer = _as_json(exception) if request.path.startswith("/v1/") else _as_page(request, exception)
        if exception.retry_after_seconds is not None:
            answer["Retry-After"] = str(exception.retry_after_seconds)
        return answer


def sentence_of(refusal: Refusal) -> str:
    """This will return the refusal's sentence in the reader's language, filled from its details."""
    return _(refusal.sentence).format_map(dict(refusal.details))


def _as_json(refusal: Refusal) -> HttpResponse:
    error = {
        "message": sentence_of(refusal),
        "type": _TYPES.get(refusal.status, "invalid_request_error"),
        "param": None,
        "code": refusal.code,
        "metadata": dict(refusal.details),
    }
    return JsonResponse({"error": error}, status=refusal.status)


def _as_page(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    fragment = request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"
    template = "portal/refusal.html#sentence" if fragment else "portal/refusal.html"
    href, action = NEXT_STEPS.get(refusal.code, ("", ""))
    words = {"refusal": refusal, "sentence": sentence_of(refusal), "href": href, "action": action and _(action)}
    return render(request, template, words, status=refusal.status)
