"""Keys and figures for programs that manage an account: with a management key alone, which calls no models."""

from collections.abc import Iterable
from typing import Annotated, Any

from django.http import HttpResponse
from django.utils.cache import add_never_cache_headers
from ninja import Router, Schema
from pydantic import AwareDatetime, ConfigDict, Field

from accounts import api_keys, key_scopes
from accounts.api_keys import Wish
from accounts.models import ApiKey
from models_catalog.catalog import UnknownModel
from models_catalog.models import ChatModel
from plans import keys
from plans.access import Rule
from plans.keys import Bounds, Line
from plans.models.quota import LARGEST_LIMIT
from portal.kit import clock
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import MICROCREDITS_PER_CREDIT, credits
from usage import key_use, reports
from usage.api.holders import ManagementRequest, manager
from usage.dialects.openai_answer import in_credits

Json = dict[str, Any]
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=300)]

MOST_LISTED = api_keys.MOST_KEYS_IN_USE
MOST_MODELS = 200

router = Router(auth=manager, tags=["management"])


class UnknownKeyId(Refusal):
    """No key that this one may see has this id."""

    code = "key_not_found"
    status = 404
    sentence = gettext_noop("There is no key with this id here. GET /v1/keys lists those that there are.")


class KeyWish(Schema):
    """What a new key is for; what is left out it may do as far as the key that asks."""

    model_config = ConfigDict(extra="forbid")

    label: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$", max_length=60)]
    models: Annotated[list[Text], Field(min_length=1, max_length=MOST_MODELS)] | None = None
    endpoints: list[Text] | None = None
    networks: list[Text] | None = None
    expires_at: AwareDatetime | None = None
    project: int | None = None
    scenario: int | None = None
    monthly_credits: Annotated[int, Field(ge=1, le=LARGEST_LIMIT // MICROCREDITS_PER_CREDIT)] | None = None


class End(Schema):
    """Why a key ends."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(max_length=300)] = ""


@router.get("/keys", summary="List keys")
def list_keys(request: ManagementRequest) -> Json:
    """Lists the keys that the holder of this one sees, those in use first, without their secrets."""
    seen = ApiKey.objects.seen_by(request.auth.member).select_related("member").newest_first()
    found = list(seen[: MOST_LISTED + 1])
    shown = keys.lines(found[:MOST_LISTED], now=clock.now())
    return {"object": "list", "data": [_key(line) for line in shown], "has_more": len(found) > MOST_LISTED}


@router.post("/keys", summary="Issue a key that calls models")
def issue(request: ManagementRequest, wish: KeyWish, response: HttpResponse) -> Json:
    """Issues a key of the same member, within the rights of this one; its secret is in this answer alone."""
    creator, now = request.auth, clock.now()
    asked = Wish(
        label=wish.label.strip(),
        endpoints=None if wish.endpoints is None else tuple(wish.endpoints),
        networks=None if wish.networks is None else key_scopes.normal(tuple(wish.networks)),
        expires_at=wish.expires_at,
        project_id=wish.project,
        scenario_id=wish.scenario,
    )
    monthly = None if wish.monthly_credits is None else credits(wish.monthly_credits)
    bounds = Bounds(rule=Rule(chat_model_ids=_chosen(wish.models)), monthly=monthly)
    made, secret = keys.issue(
        creator.member,
        key_scopes.within(asked, creator),
        keys.within(bounds, creator),
        by=creator.member.user,
        now=now,
    )
    add_never_cache_headers(response)
    return told(made) | {"secret": secret}


@router.post("/keys/{int:key_id}/revocation", summary="Revoke a key")
def revocation(request: ManagementRequest, key_id: int, end: End | None = None) -> Json:
    """Ends a key for good and stops its calls within a second."""
    seen = ApiKey.objects.seen_by(request.auth.member).select_related("account", "member")
    key = seen.filter(pk=key_id).first()
    if key is None:
        raise UnknownKeyId
    reason = end.reason if end else ""
    stopped = key_use.revoke(key, by=request.auth.member.user, reason=reason, now=clock.now())
    key.refresh_from_db()
    return told(key) | {"calls_stopped": stopped}


@router.get("/usage", summary="Figures of this month")
def usage(request: ManagementRequest) -> Json:
    """Tells what the account has used this month, by day and member, as far as the holder of the key sees it."""
    month = reports.month(request.auth.member, now=clock.now())
    return {
        "object": "usage",
        "active_from": month.period.active_from,
        "active_to": month.period.active_to,
        "calls": month.calls,
        "credits_charged": in_credits(month.charged),
        "members": [
            {"id": each.key, "name": each.name, "calls": each.calls, "credits_charged": in_credits(each.charged)}
            for each in month.parts
        ],
        "days": [
            {"date": date, "credits_charged": in_credits(sum(part.days[place] for part in month.parts))}
            for place, date in enumerate(month.dates)
        ],
    }


def told(key: ApiKey) -> Json:
    """This will write what a key is for and how it stands, without its secret."""
    return _key(keys.lines([key], now=clock.now())[0])


def _chosen(slugs: Iterable[str] | None) -> tuple[int, ...] | None:
    if slugs is None:
        return None
    known = dict(ChatModel.objects.published().values_list("slug", "pk"))
    for slug in slugs:
        if slug not in known:
            raise UnknownModel(model=slug)
    return tuple(sorted({known[slug] for slug in slugs}))


def _key(line: Line) -> Json:
    key = line.key
    return {
        "id": key.pk,
        "object": "key",
        "label": key.label,
        "begins_with": key.prefix,
        "ends_with": key.last_four,
        "state": line.state,
        "is_management": key.is_management,
        "is_braked": line.is_braked,
        "member": {"id": key.member_id, "name": key.member.name},
        "models": None if line.models is None else [model.slug for model in line.models],
        "endpoints": key.endpoints,
        "networks": key.networks,
        "project": key.project_id,
        "scenario": key.scenario_id,
        "replaces": key.replaces_id,
        "created_at": key.created_at,
        "used_at": key.used_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
