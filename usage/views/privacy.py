"""What we hold on a person: to take along, and to erase; a guardian does both for a child."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import members
from accounts.models import Guardianship, Member
from accounts.views.proof import person, proven
from portal.kit import clock
from usage import privacy as verbs


@login_required
@never_cache
@require_safe
def privacy(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will say what is kept, and lead to both."""
    shown = _mine(request, member_id)
    return render(request, "usage/privacy.html", {"shown": shown, "is_me": shown.user_id == request.user.pk})


@login_required
@never_cache
@require_POST
@proven
def export(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will give everything that is kept on the person as a file."""
    shown = _mine(request, member_id)
    answer = JsonResponse(
        verbs.export(shown.user, by=person(request), now=clock.now()),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )
    answer["Content-Disposition"] = f'attachment; filename="person-{shown.pk}.json"'
    return answer


@login_required
@require_POST
@proven
def erasure(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will erase the person; who erased themselves is signed out."""
    shown = _mine(request, member_id)
    if request.POST.get("confirmed") != "yes":
        messages.warning(request, _("Tick the box first; nothing was erased."))
        return redirect("privacy", member_id)
    is_me = shown.user_id == request.user.pk
    verbs.erase(shown.user, now=clock.now())
    if is_me:
        logout(request)
        return redirect("home")
    messages.info(request, _("Everything about the child is erased; figures stay without a name."))
    return redirect("people")


def _mine(request: HttpRequest, member_id: int) -> Member:
    """The person themselves, in an account that they left as well, or a child of theirs; 404 for everybody else."""
    own = Member.objects.of(person(request)).exclude(role=Member.Role.CHILD).filter(pk=member_id)
    if (mine := own.select_related("user").first()) is not None:
        return mine
    viewer = members.current(request.user)
    found = Guardianship.objects.filter(pk=member_id, member__account=viewer.account_id)
    guardianship = found.select_related("member__user", "member__account").first() if viewer.owns() else None
    if guardianship is None:
        raise Http404
    return guardianship.member
