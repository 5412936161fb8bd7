"""Founding an account, what it and its people are called, the languages, the legal texts and the demo's mailbox."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language

from accounts import accounts, domains, legal_texts, members
from accounts.forms import AccountForm, FoundingForm, MeForm
from accounts.models import Account, Member, SentMessage, User
from accounts.views import people
from accounts.views.proof import person
from portal.kit import clock

MESSAGES_SHOWN = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def founding(request: HttpRequest) -> HttpResponse:
    """This will found a household or a business, and go on to where the person was going."""
    user = person(request)
    onward = _safe(request, request.POST.get("next") or request.GET.get("next") or "")
    owned = set(Member.objects.of(user).owners().values_list("account__kind", flat=True))
    if owned.issuperset(Account.Kind.values) or request.POST.get("kind") in owned:  # the second of two clicks
        return redirect(onward)
    form = FoundingForm(request.POST or None, owned=owned)
    if not form.is_valid():
        words = {"form": form, "next": onward, "doors": domains.doors_of(user)}
        return render(request, "accounts/founding.html", words)
    request.session["member_id"] = accounts.found(user, now=clock.now(), **form.cleaned_data).pk
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
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """This will change the account's name and time zone; its form stands on the page of people."""
    if request.method != "POST":
        return redirect("people")
    member = members.current(request.user)
    if not member.leads():
        raise members.OwnersOnly
    form = AccountForm(request.POST)
    if not form.is_valid():
        return people.page(request, member, extra={"account_form": form}, status=422)
    accounts.describe(member.account, by=person(request), now=clock.now(), **form.cleaned_data)
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
        return people.page(request, member, extra={"me_form": form}, status=422)
    members.rename(member, name=form.cleaned_data["name"], by=person(request), now=clock.now())
    messages.info(request, _("Your name was changed."))
    return redirect("people")


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


def _safe(request: HttpRequest, address: str) -> str:
    ours = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if ours else settings.LOGIN_REDIRECT_URL
