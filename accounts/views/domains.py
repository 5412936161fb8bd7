"""Mail domains: the owner's list and form, and the page that the postmaster opens."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import domains as verbs
from accounts import members
from accounts.forms import DomainForm
from accounts.models import MailDomain
from accounts.views.proof import proven
from portal.kit import clock


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def domains(request: HttpRequest) -> HttpResponse:
    """This will list the domains of a business; a POST claims one."""
    owner = members.current(request.user)
    members.check_owner(owner)
    verbs.check_business(owner.account)
    form = DomainForm(request.POST or None, account=owner.account)
    if request.method == "POST" and form.is_valid():
        verbs.claim(owner, now=clock.now(), **form.claim())
        messages.info(request, _("The postmaster of the domain is asked by mail. It opens once they agree."))
        return redirect("domains")
    shown = MailDomain.objects.in_use().filter(account=owner.account_id).select_related("department")
    return render(
        request, "accounts/domains.html", {"form": form, "domains": shown}, status=422 if form.is_bound else 200
    )


@login_required
@require_POST
@proven
def ending(request: HttpRequest, domain_id: int) -> HttpResponse:
    """This will close the door of a domain."""
    owner = members.current(request.user)
    members.check_owner(owner)
    claimed = get_object_or_404(MailDomain.objects.in_use(), pk=domain_id, account=owner.account_id)
    verbs.end(claimed, by=owner, now=clock.now())
    messages.info(request, _("Nobody joins by this domain any more; who came in stays."))
    return redirect("domains")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def domain_proof(request: HttpRequest, domain_id: int, secret: str) -> HttpResponse:
    """This will ask the postmaster; a POST opens the domain."""
    now = clock.now()
    claimed = verbs.find(domain_id, secret, now=now)
    if request.method != "POST":
        return render(request, "accounts/domain_proof.html", {"claimed": claimed})
    verbs.prove(claimed, now=now)
    return render(request, "accounts/domain_proof.html", {"claimed": claimed, "is_done": True})
