"""A business as one file: choose it, see what it would do, carry it out, or download it as it is."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.members import check_owner
from accounts.models import Member
from accounts.views.projects import reader
from accounts.views.proof import proven
from plans import bulk as verbs
from plans.bulk.rehearsal import Act
from plans.forms import BulkForm
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop

SEAL = "plans.bulk"
SEAL_SECONDS = 3600
MOST_SHOWN = 100


class SealBroken(Refusal):
    """What was rehearsed is too old, or is not what was rehearsed."""

    code = "seal_broken"
    status = 410
    sentence = gettext_noop("This dry run is too old to be carried out. Nothing was changed; choose the file again.")


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """This will ask for a file; a POST shows what it would do, and changes nothing."""
    viewer = reader(request)
    if request.method != "POST":
        return render(request, "plans/bulk.html", {"form": BulkForm(), "columns": verbs.COLUMNS, "viewer": viewer})
    check_owner(viewer)
    form = BulkForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(
            request, "plans/bulk.html", {"form": form, "columns": verbs.COLUMNS, "viewer": viewer}, status=422
        )
    return _rehearsed(request, viewer, form.cleaned_data["file"])


@login_required
@require_POST
@proven
def execution(request: HttpRequest) -> HttpResponse:
    """This will carry out the file that was rehearsed, after a proof that it is still the owner."""
    viewer = reader(request)
    check_owner(viewer)
    text = _unseal(request.POST.get("sealed", ""), viewer)
    done = verbs.carry_out(viewer.account, verbs.read(text), by=viewer, now=clock.now())
    invited = len(done.of("member", Act.MADE))
    messages.info(request, _("The file was carried out. Invitations on their way: %(invited)s") % {"invited": invited})
    return redirect("people")


@login_required
@never_cache
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """This will download the file as it is now, with the mark by which Excel knows UTF-8."""
    viewer = reader(request)
    text = verbs.export(viewer.account, now=clock.now())
    answer = HttpResponse(text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="people.csv"'
    return answer


def _rehearsed(request: HttpRequest, viewer: Member, text: str) -> HttpResponse:
    rehearsal = verbs.rehearse(viewer.account, verbs.read(text), now=clock.now())
    words: dict[str, Any] = {
        "rehearsal": rehearsal,
        "mistakes": rehearsal.mistakes[:MOST_SHOWN],
        "more": max(len(rehearsal.mistakes) - MOST_SHOWN, 0),
        "changes": [step for step in rehearsal.steps if step.act == Act.CHANGED][:MOST_SHOWN],
        "sealed": _seal(text, viewer) if rehearsal.is_sound else "",
    }
    return render(request, "plans/bulk_rehearsal.html", words, status=200 if rehearsal.is_sound else 422)


def _seal(text: str, viewer: Member) -> str:
    return signing.dumps({"account": viewer.account_id, "text": text}, salt=SEAL, compress=True)


def _unseal(sealed: str, viewer: Member) -> str:
    try:
        known: dict[str, Any] = signing.loads(sealed, salt=SEAL, max_age=SEAL_SECONDS)
    except signing.BadSignature as error:
        raise SealBroken from error
    if known["account"] != viewer.account_id:
        raise SealBroken
    return str(known["text"])
