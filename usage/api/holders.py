"""Who holds the key of a request that Django answers, and whether the key is for it."""

from django.http import HttpRequest

from accounts import callers
from accounts.callers import Caller
from accounts.models import ApiKey
from portal.kit import clock
from usage import key_use
from usage.api.door import BELOW


class ApiRequest(HttpRequest):
    """A request whose key was found."""

    auth: Caller


class ManagementRequest(HttpRequest):
    """A request whose management key was found."""

    auth: ApiKey


def key_holder(request: HttpRequest) -> Caller:
    """This will return who holds the key of a request, if it is for this.

    Raises `callers.UnknownKey`, `callers.KeyInAddress` and `callers.NotForThis`.
    """
    key_use.check_address(request.META["QUERY_STRING"])
    caller = callers.from_bearer(request.headers.get("Authorization", ""), request.headers.get("X-Api-Key", ""))
    callers.check_use(caller, endpoint=request.path.removeprefix(BELOW), address=request.META.get("REMOTE_ADDR", ""))
    return caller


def manager(request: HttpRequest) -> ApiKey:
    """This will return the management key of a request, with its member and account.

    Raises `callers.NotAManagementKey` and the refusals of `key_holder`.
    """
    caller = key_holder(request)
    if not caller.is_management or caller.api_key_id is None:
        raise callers.NotAManagementKey
    key = ApiKey.objects.select_related("member__account", "member__user", "account").get(pk=caller.api_key_id)
    key_use.note(key.pk, now=clock.now())
    return key
