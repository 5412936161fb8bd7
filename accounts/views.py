"""The pages of people: each loads what it shows, calls one verb and answers."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language

from accounts import accounts, api_keys, legal_texts, members
from accounts.forms import AccountForm, FoundingForm, KeyForm, MeForm, RevocationForm
from accounts.models import ApiKey, Member, SentMessage, User
from portal.kit import clock, pages
from portal.kit.refusals import Refusal, gettext_noop

MESSAGES_SHOWN = 50


class OwnersOnly(Refusal):
    """Only who leads the account changes what it is called."""

    code = "owners_only"
    status = 403
    sentence = gettext_noop("Only the owner of the account may change this. Nothing was changed.")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def founding(request: HttpRequest) -> HttpResponse:
    """This will found a household or a business, and go on to where the person was going."""
    user = _person(request)
    onward = _safe(request, request.POST.get("next") or request.GET.get("next") or "")
    if user.current_membership:
        return redirect(onward)
    form = FoundingForm(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/founding.html", {"form": form, "next": onward})
    accounts.found(user, now=clock.now(), **form.cleaned_data)
    return redirect(onward)


@require_GET
def legal_text(request: HttpRequest, kind: str) -> HttpResponse:
    """This will show the terms or the privacy text in force."""
    text = legal_texts.in_force(kind, language=request.LANGUAGE_CODE, now=clock.now())
    if text is None:
        raise Http404
    words = {"text": text, "body": legal_texts.as_html(text)}
    return render(request, "accounts/legal_text.html", words)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """This will switch the language by cookie, and for a signed-in person for good, and return to the page."""
    answer = set_language(request)
    if settings.LANGUAGE_COOKIE_NAME in answer.cookies and isinstance(request.user, User):
        chosen = answer.cookies[settings.LANGUAGE_COOKIE_NAME].value
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    return answer


@login_required
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """This will show who is in the account and what it is called."""
    return render(request, "accounts/people.html", _people_page(members.current(request.user)))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """This will change the account's name and time zone; its form stands on the page of people."""
    if request.method != "POST":
        return redirect("people")
    member = members.current(request.user)
    if not member.leads():
        raise OwnersOnly
    form = AccountForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/people.html", _people_page(member) | {"account_form": form}, status=422)
    accounts.describe(member.account, by=_person(request), now=clock.now(), **form.cleaned_data)
    messages.info(request, _("The account was changed."))
    return redirect("people")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """This will change what others in the account call the person; its form stands on the page of people."""
    if request.method != "POST":
        return redirect("people")
    member = members.current(request.user)
    form = MeForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/people.html", _people_page(member) | {"me_form": form}, status=422)
    members.rename(member, name=form.cleaned_data["name"], by=_person(request), now=clock.now())
    messages.info(request, _("Your name was changed."))
    return redirect("people")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest) -> HttpResponse:
    """This will list the keys; a POST issues one and shows its secret this once."""
    member = members.current(request.user)
    form = KeyForm(request.POST or None)
    words: dict[str, object] = {"account": member.account, "form": form, "api_base": f"{settings.BASE_URL}/v1"}
    if request.method == "POST" and form.is_valid():
        key, secret = api_keys.issue(member, by=_person(request), now=clock.now(), **form.cleaned_data)
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
    api_keys.revoke(key, by=_person(request), reason=form.cleaned_data["reason"], now=clock.now())
    messages.info(request, _("The key was revoked. Nothing calls with it any more."))
    return redirect("keys")


@require_GET
def demo_messages(request: HttpRequest) -> HttpResponse:
    """This will show what the demo sent instead of real mails and text messages."""
    if not settings.DEMO:
        raise Http404
    recipient = request.GET.get("recipient", "").strip()
    shown = SentMessage.objects.filter(recipient__icontains=recipient) if recipient else SentMessage.objects.all()
    words = {"sent": shown[:MESSAGES_SHOWN], "recipient": recipient}
    page = "accounts/demo_messages.html"
    return render(request, f"{page}#sent" if request.headers.get("HX-Request") else page, words)


def _people_page(member: Member) -> dict[str, object]:
    return {
        "people": Member.objects.seen_by(member).active().select_related("user", "department")[: pages.PAGE_SIZE],
        "account_form": AccountForm(initial={"name": member.account.name, "time_zone": member.account.time_zone}),
        "me_form": MeForm(initial={"name": member.name}),
    }


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _safe(request: HttpRequest, address: str) -> str:
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if ours else settings.LOGIN_REDIRECT_URL
