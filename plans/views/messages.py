"""The doors of payment providers: a message is kept and answered, and nothing else happens before that."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from plans import messages as inbox
from plans import payment_providers
from plans.payment_providers.base import Message
from portal.kit import clock


@csrf_exempt  # house: a provider has no session; its signature is asked for
@require_POST
def messages(request: HttpRequest, way: str) -> HttpResponse:
    """This will keep a message; where nobody could tell a genuine one, the address does not exist."""
    if not payment_providers.hears(way):
        raise Http404
    kind = (request.content_type or "").lower()
    if not (kind == "application/json" or kind.endswith("+json")) or request.headers.get("content-encoding"):
        return HttpResponse(status=415)
    if len(request.body) > inbox.LARGEST_BYTES:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        inbox.receive(way, Message(headers, request.body, clock.now()))
    except inbox.NotGenuine:
        return HttpResponse(status=401)
    return HttpResponse(status=204)
