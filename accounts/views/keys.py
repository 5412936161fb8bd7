"""The pages of keys."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import api_keys, members
from accounts.forms import KeyForm, RevocationForm
from accounts.models import ApiKey
from accounts.views.proof import person
from portal.kit import clock


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """This will list the keys; a POST issues one and shows its secret this once."""
    member = members.current(request.user)
    form = KeyForm(request.POST or None)
    words: dict[str, object] = {"account": member.account, "form": form, "api_base": f"{settings.BASE_URL}/v1"}
    if request.method == "POST" and form.is_valid():
        key, secret = api_keys.issue(member, by=person(request), now=clock.now(), **form.cleaned_data)
        words |= {"issued": key, "secret": secret, "form": KeyForm()}
    shown = ApiKey.objects.seen_by(member).select_related("member").newest_first()
    words["keys"] = shown[: api_keys.MOST_KEYS_IN_USE]
    return render(request, "accounts/keys.html", words)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revocation(request: HttpRequest, key_id: int) -> HttpResponse:
    """This will ask before a key is revoked; a POST revokes it."""
    member = members.current(request.user)
    key = get_object_or_404(ApiKey.objects.seen_by(member).select_related("account", "member"), pk=key_id)
    form = RevocationForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/key_revocation.html", {"key": key, "form": form})
    api_keys.revoke(key, by=person(request), reason=form.cleaned_data["reason"], now=clock.now())
    messages.info(request, _("The key was revoked. Nothing calls with it any more."))
    return redirect("keys")
