"""The pages of keys: the list, issuing, one key, rotation, the brake, and how to begin."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import api_keys, callers, members
from accounts.members import OwnersOnly
from accounts.models import ApiKey, Member
from accounts.views.proof import person, proven
from models_catalog import catalog
from models_catalog.models import Alias
from plans import access, nodes, quotas
from plans import keys as verbs
from plans.forms import KeyForm, RotationForm
from plans.models import Quota
from portal.kit import clock

MOST_SHOWN = api_keys.MOST_KEYS_IN_USE


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def keys(request: HttpRequest) -> HttpResponse:
    """This will list the keys; a POST issues one and shows its secret this once."""
    member, now = members.current(request.user), clock.now()
    form = KeyForm(request.POST or None, member=member)
    if request.method == "POST" and form.is_valid():
        made, secret = verbs.issue(form.holder(), form.wish(now=now), form.bounds(), by=person(request), now=now)
        return _issued(request, made, secret)
    shown = ApiKey.objects.seen_by(member).select_related("member", "project", "scenario").newest_first()[:MOST_SHOWN]
    words = {"form": form, "lines": verbs.lines(shown, now=now)}
    return render(request, "plans/keys.html", words, status=422 if form.is_bound else 200)


@login_required
@never_cache
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """This will show how common programs are told the address, a key and a model."""
    member = members.current(request.user)
    own = ApiKey.objects.seen_by(member).in_use(clock.now()).filter(member=member, is_management=False)
    aliases = _callable(member)
    words = {
        "key": own.newest_first().first(),
        "base_url": settings.BASE_URL,
        "model_name": aliases[0].slug if aliases else "everyday",
        "widest": max(aliases, key=lambda alias: alias.chat_model.context_tokens, default=None),
    }
    return render(request, "plans/key_start.html", words)


@login_required
@never_cache
@require_safe
def key(request: HttpRequest, key_id: int) -> HttpResponse:
    """This will show what a key is for, how it stands and what can be done about it."""
    member, now = members.current(request.user), clock.now()
    shown = _seen(member, key_id)
    (line,) = verbs.lines([shown], now=now)
    node = nodes.seen_by(member, kind=Quota.Node.KEY, node_id=key_id)
    words = {
        "line": line,
        "node": node,
        "is_mine": shown.member_id == member.pk or member.owns(),
        "is_awaited": line.state == "in_use" and not shown.is_management and shown.created_at > now - verbs.AWAITED,
        "newer": ApiKey.objects.filter(replaces=shown).first(),
        "deciders": quotas.deciders(member.account, node.kind, node.id) if line.is_braked else [],
    }
    return render(request, "plans/key.html", words)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def rotation(request: HttpRequest, key_id: int) -> HttpResponse:
    """This will ask how long the old key still works; a POST issues the new one and shows its secret this once."""
    old = _seen(members.current(request.user), key_id)
    form = RotationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made, secret = verbs.rotate(old, by=person(request), now=clock.now(), **form.cleaned_data)
        return _issued(request, made, secret)
    status = 422 if form.is_bound else 200
    return render(request, "plans/key_rotation.html", {"key": old, "form": form}, status=status)


@login_required
@require_POST
@proven
def brake(request: HttpRequest, key_id: int) -> HttpResponse:
    """This will lift the brake of a new key."""
    member = members.current(request.user)
    shown = _seen(member, key_id)
    if not nodes.seen_by(member, kind=Quota.Node.KEY, node_id=key_id).may_change:
        raise OwnersOnly
    verbs.lift_brake(shown, by=person(request), now=clock.now())
    messages.info(request, _("The brake is lifted. The key now uses what its holder may."))
    return redirect("plans:key", key_id)


def _callable(member: Member) -> list[Alias]:
    """The stable names of models that the member may call and that are connected."""
    visible = access.visible(callers.of_member(member)).values("pk")
    named = Alias.objects.filter(chat_model__in=visible).select_related("chat_model")
    return [alias for alias in named if _is_connected(alias.slug)]


def _is_connected(name: str) -> bool:
    try:
        catalog.offer(name)
    except (catalog.NotConnected, catalog.UnknownModel):
        return False
    return True


def _seen(member: Member, key_id: int) -> ApiKey:
    rows = ("account", "member", "project", "scenario", "issued_by", "replaces")
    return get_object_or_404(ApiKey.objects.seen_by(member).select_related(*rows), pk=key_id)


def _issued(request: HttpRequest, made: ApiKey, secret: str) -> HttpResponse:
    words = {"key": made, "secret": secret, "api_base": f"{settings.BASE_URL}/v1"}
    return render(request, "plans/key_issued.html", words)
