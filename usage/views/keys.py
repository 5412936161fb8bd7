"""What a key does: its first call, awaited, and its end, with all that runs."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import members
from accounts.forms import RevocationForm
from accounts.models import ApiKey
from accounts.views.proof import person, proven
from plans import keys
from portal.kit import clock
from usage import key_use, refusals


@login_required
@never_cache
@require_safe
def first_call(request: HttpRequest, key_id: int) -> HttpResponse:
    """This will tell whether a key has called yet; the page looks again until it has."""
    key, now = _seen(request, key_id), clock.now()
    call = key_use.first_call(key)
    refusal = None if call or key.used_at else key_use.last_refusal(key)
    is_young = key.created_at > now - keys.AWAITED
    words = {
        "key": key,
        "call": call,
        "refusal": refusal and refusals.sentence_of(refusal),
        "is_waiting": call is None and key.used_at is None and is_young and not key.has_ended(now),
    }
    page = "usage/key_first_call.html"
    is_hole = request.headers.get("HX-Request") == "true"
    return render(request, f"{page}#state" if is_hole else page, words)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def revocation(request: HttpRequest, key_id: int) -> HttpResponse:
    """This will ask before a key is revoked; a POST revokes it and stops its calls."""
    key = _seen(request, key_id)
    form = RevocationForm(request.POST or None)
    if not form.is_valid():
        return render(request, "usage/key_revocation.html", {"key": key, "form": form})
    stopped = key_use.revoke(key, by=person(request), reason=form.cleaned_data["reason"], now=clock.now())
    words = ngettext(
        "The key was revoked. {number} answer under way was stopped.",
        "The key was revoked. {number} answers under way were stopped.",
        stopped,
    )
    messages.info(
        request, words.format(number=stopped) if stopped else _("The key was revoked. Nothing calls with it any more.")
    )
    return redirect("plans:keys")


def _seen(request: HttpRequest, key_id: int) -> ApiKey:
    member = members.current(request.user)
    return get_object_or_404(ApiKey.objects.seen_by(member).select_related("account", "member"), pk=key_id)
