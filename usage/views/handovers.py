"""Handing chats over, by their author alone: before leaving, and for a while afterwards."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.views.proof import person, proven
from portal.kit import clock
from portal.kit.sentences import say
from usage import conversations, handovers
from usage.forms import HandoverForm


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@proven
def handover(request: HttpRequest, member_id: int) -> HttpResponse:
    """This will ask which chats go to whom; a POST hands them over."""
    now = clock.now()
    author = get_object_or_404(
        handovers.authors(person(request), now=now).select_related("account", "user"), pk=member_id
    )
    headings = conversations.headings_first_hand(author, now=now)
    form = HandoverForm(request.POST or None, headings=headings)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            number = handovers.hand_over(author, given["conversations"], contact=given["contact"], now=now)
        except handovers.NobodyThere as no:
            form.add_error("contact", say(no.sentence, no.details))
        else:
            words = ngettext("{number} chat was handed over.", "{number} chats were handed over.", number)
            messages.info(request, words.format(number=number))
            return redirect("handover", author.pk)
    words_shown = {"author": author, "form": form, "headings": headings}
    return render(request, "usage/handover.html", words_shown, status=422 if form.is_bound else 200)
