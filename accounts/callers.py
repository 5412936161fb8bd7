"""Who is behind a call: a key's holder or the person in the browser."""

import re
from dataclasses import dataclass, replace
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, Func, Q

from accounts import api_keys, key_scopes, members
from accounts.members import NoAccount
from accounts.models import ApiKey, Department, Member, Scenario, User
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop

__all__ = [
    "Caller",
    "EndpointNotForKey",
    "KeyInAddress",
    "ManagementKey",
    "NetworkNotForKey",
    "NoAccount",
    "NotAManagementKey",
    "UnknownKey",
    "UnknownScenario",
    "check_address",
    "check_use",
    "for_scenario",
    "from_bearer",
    "from_session",
    "of_member",
    "secrets_in",
]

DEEPEST_NESTING = 20
LONGEST_ID = 18
MOST_SCENARIOS = 200
_KEY = re.compile(r"ck-[A-Za-z0-9_-]{43}(?:[A-Za-z0-9_-]{5})?", re.ASCII)
_BEARER = re.compile(r"bearer +(\S+) *", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """Whom a call is charged to and counted for; `departments` runs from the leaf to the root.

    `session` is what the caller calls a row of calls that belong together; empty where it says nothing.
    """

    account_id: int
    member_id: int
    departments: tuple[int, ...]
    project_id: int | None
    scenario_id: int | None
    api_key_id: int | None
    account_kind: str
    time_zone: str
    tier: str = ""
    """The tier of age of a child's line; empty for everybody else."""
    is_tutored: bool = False
    endpoints: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    is_management: bool = False
    session: str = ""

    @property
    def nodes(self) -> tuple[tuple[str, int], ...]:
        """The nodes that a call counts for, as quotas and rules name them."""
        known = (
            ("account", self.account_id),
            ("member", self.member_id),
            ("project", self.project_id),
            ("scenario", self.scenario_id),
            ("key", self.api_key_id),
            *(("department", department) for department in self.departments),
        )
        return tuple((kind, node) for kind, node in known if node is not None)


class UnknownKey(Refusal):
    """No key, a malformed one, a revoked one or one that never was: all sound alike."""

    code = "invalid_api_key"
    status = 401
    sentence = gettext_noop("This API key is not known here. Check it, or issue a new one under Keys.")


class UnknownScenario(Refusal):
    """The account has no such scenario."""

    code = "unknown_scenario"
    status = 400
    sentence = gettext_noop("There is no such scenario here. Nothing was charged; choose one that the account has.")


class KeyInAddress(Refusal):
    """A key stands in the address, where every proxy and log on the way has read it."""

    code = "key_in_address"
    status = 400
    sentence = gettext_noop(
        "Your API key stands in the address, where others can read it. Nothing was charged, and the key works no more. "
        "Issue a new one under Keys, and send it in the Authorization header."
    )


class NotForThis(Refusal):
    """The key is kept to something else."""

    code = "key_not_for_this"
    status = 403


class EndpointNotForKey(NotForThis):
    """The key is kept to other endpoints."""

    sentence = gettext_noop(
        "This key may not be used for {endpoint}. Nothing was charged; use another key, or issue one for it under Keys."
    )


class NetworkNotForKey(NotForThis):
    """The key is kept to other networks."""

    sentence = gettext_noop(
        "This key may not be used from the address {address}. Nothing was charged; "
        "call from its own network, or issue a key for this one under Keys."
    )


class ManagementKey(Refusal):
    """Management keys call no models, so that one that is lost spends nothing."""

    code = "management_key"
    status = 403
    sentence = gettext_noop(
        "This is a management key: it manages keys and reads figures, and calls no models. "
        "Nothing was charged; issue a key for calls under Keys."
    )


class NotAManagementKey(Refusal):
    """Keys that call models manage nothing."""

    code = "not_a_management_key"
    status = 403
    sentence = gettext_noop(
        "This key calls models and manages nothing. Nothing was changed; use a management key, issued under Keys."
    )


def check_address(query: str) -> None:
    """This will refuse a query string in which a key stands. Raises `KeyInAddress`."""
    if secrets_in(query):
        raise KeyInAddress


def secrets_in(query: str) -> list[str]:
    """This will return the keys that stand in a query string."""
    return _KEY.findall(unquote(query))


def check_use(caller: Caller, *, endpoint: str, address: str) -> None:
    """This will refuse a key that is kept to other endpoints or networks.

    `endpoint` is a path below /v1, `address` that of the connection. Raises `NotForThis`.
    """
    known = caller.endpoints
    if known is not None and not any(endpoint == each or endpoint.startswith(f"{each}/") for each in known):
        raise EndpointNotForKey(endpoint=endpoint)
    if caller.networks is not None and not key_scopes.is_within(address, caller.networks):
        raise NetworkNotForKey(address=address)


def from_bearer(authorization: str, api_key_header: str, scenario: str = "") -> Caller:
    """This will return who holds the key of the headers `Authorization` and `x-api-key`, either may be empty.

    `scenario` is what `x-scenario` says the call is for, by name or id; a key that is for one keeps it. It says who
    calls. Whether they may is asked by `ledger.reserve` on every call. Raises `UnknownKey` and `UnknownScenario`.
    """
    now = Func(function="app_now", output_field=DateTimeField())
    keys = ApiKey.objects.select_related("member__account", "member__guardianship").filter(
        Q(expires_at=None) | Q(expires_at__gt=now),
        digest=api_keys.digest_of(_secret_in(authorization, api_key_header)),
        revoked_at=None,
        member__left_at=None,
        member__user__is_active=True,
    )
    key = keys.first()
    if key is None:
        raise UnknownKey
    caller = _caller(key.member, key=key)
    if not scenario or caller.scenario_id is not None:
        return caller
    return for_scenario(caller, scenario)


def for_scenario(caller: Caller, wanted: str) -> Caller:
    """This will return the caller with what the call is for, by name or id. Raises `UnknownScenario`."""
    offered = Scenario.objects.offered_to(caller.account_id)
    if wanted.isascii() and wanted.isdigit() and len(wanted) <= LONGEST_ID:
        found = offered.filter(pk=int(wanted)).first()
    else:
        named = [
            each
            for each in offered[:MOST_SCENARIOS]
            if wanted.casefold() in {each.name.casefold(), str(each).casefold()}
        ]
        found = min(named, key=lambda each: each.account_id is None, default=None)
    if found is None:
        raise UnknownScenario(param="x-scenario")
    return replace(caller, scenario_id=found.pk)


def from_session(user: User) -> Caller:
    """This will return the caller that a signed-in person is; raises `NoAccount`."""
    return of_member(members.current(user))


def of_member(member: Member) -> Caller:
    """This will return the caller that a member in the browser is."""
    return _caller(member, key=None)


def _secret_in(authorization: str, api_key_header: str) -> str:
    bearer = _BEARER.fullmatch(authorization)
    given = {bearer[1] if bearer else authorization, api_key_header} - {""}
    if len(given) != 1 or (authorization and not bearer):
        raise UnknownKey
    secret = given.pop()
    if not (_KEY.fullmatch(secret) and api_keys.is_whole(secret)):
        raise UnknownKey
    return secret


def _caller(member: Member, *, key: ApiKey | None) -> Caller:
    guardianship = getattr(member, "guardianship", None)
    zone = ZoneInfo(member.account.time_zone)
    return Caller(
        account_id=member.account_id,
        member_id=member.pk,
        departments=_lineage(member.department_id, account_id=member.account_id),
        project_id=key.project_id if key else None,
        scenario_id=key.scenario_id if key else None,
        api_key_id=key.pk if key else None,
        account_kind=member.account.kind,
        time_zone=member.account.time_zone,
        tier=guardianship.tier(clock.now().astimezone(zone).date()) if guardianship else "",
        is_tutored=guardianship.is_tutored if guardianship else False,
        endpoints=tuple(key.endpoints) if key and key.endpoints is not None else None,
        networks=tuple(key.networks) if key and key.networks is not None else None,
        is_management=key.is_management if key else False,
    )


def _lineage(leaf: int | None, *, account_id: int) -> tuple[int, ...]:
    if leaf is None:
        return ()
    parents = dict(Department.objects.filter(account=account_id).values_list("pk", "parent_id"))
    lineage: list[int] = []
    node: int | None = leaf
    while node is not None and node not in lineage and len(lineage) < DEEPEST_NESTING:
        lineage.append(node)
        node = parents.get(node)
    return tuple(lineage)
