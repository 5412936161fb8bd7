"""Leaving for the identity provider, and coming back."""

from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from accounts.oidc.tokens import Tokens, origin_of


class CallbackView(OAuth2CallbackView):  # type: ignore[misc]  # allauth ships no types
    """Takes the code back, together with the nonce that this visit was given."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, HttpResponse | None]:
        state, answer = super()._get_state(request, provider)
        self.adapter.expected_nonce = (state or {}).get("nonce", "")
        return state, answer


@never_cache
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """This will ask on GET, and on POST lead to the provider.

    By a page of our own that goes on at once: the CSP lets no form end on another site, not even by a redirect.
    """
    answer = _answer(OAuth2LoginView, request, provider_id)
    if request.method != "POST" or not isinstance(answer, HttpResponseRedirect):
        return answer
    page = render(request, "socialaccount/onward.html", {"url": answer.url, "host": origin_of(answer.url)})
    page["Refresh"] = f"0; url={answer.url}"
    return page


@never_cache
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """This will sign the person in whom the provider names."""
    return _answer(CallbackView, request, provider_id)


def _answer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponse:
    try:
        answer: HttpResponse = view.adapter_view(Tokens(request, provider_id))(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    return answer
