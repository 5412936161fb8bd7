"""Every address with something of somebody in it, tried by those whose it is not; a new one must be listed here."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.test import Client, RequestFactory
from django.urls import get_resolver

from accounts import api_keys
from accounts.models import ApiKey, Member
from plans import offerings, orders
from tests.usage import cast
from tests.usage.cast import Home
from usage.views import answers

PUBLIC = {"legal/<slug:kind>/", "models/<path:slug>/", "checkout/<slug:slug>/"}
"""What everybody may see, or what begins with the person's own account."""
STREAM = "chat/answers/<uuid:call_id>/stream/"
"""A coroutine, whose door is tried by itself."""
OF_OTHERS = ("admin/", "accounts/", "v1/")
"""Admin asks for staff, sign-in for its own keys; machines are tried below."""

HIDDEN = {"adult": 404, "child": 404, "stranger": 404, "anonymous": 302}
PROVEN = dict.fromkeys(HIDDEN, 302)
"""Whoever posts there is asked for proof first, and only then told that there is nothing."""
MONEY = HIDDEN | {"adult": 403, "child": 403}
ADDRESSES: Mapping[str, tuple[str, str, Mapping[str, int]]] = {
    "chat/<uuid:conversation_id>/": ("get", "conversation", HIDDEN),
    "chat/<uuid:conversation_id>/turns/": ("post", "conversation", HIDDEN),
    "chat/<uuid:conversation_id>/removal/": ("post", "conversation", HIDDEN),
    "chat/<uuid:conversation_id>/export/": ("get", "conversation", HIDDEN),
    "chat/answers/<uuid:call_id>/stop/": ("post", "call", HIDDEN),
    "usage/calls/<uuid:call_id>/": ("get", "call", HIDDEN),
    "keys/<int:key_id>/": ("get", "key", HIDDEN),
    "keys/<int:key_id>/first-call/": ("get", "key", HIDDEN),
    "keys/<int:key_id>/rotation/": ("post", "key", PROVEN),
    "keys/<int:key_id>/brake/": ("post", "key", PROVEN),
    "keys/<int:key_id>/revocation/": ("post", "key", PROVEN),
    "checkout/orders/<uuid:order_id>/": ("get", "order", MONEY),
    "checkout/orders/<uuid:order_id>/cancellation/": ("post", "order", MONEY),
    "billing/orders/<uuid:order_id>/": ("get", "order", MONEY),
}
"""How each is asked, whose id stands in it, and what each of the others is answered. The owner's is below 400."""


@pytest.fixture
def things(home: Home, now: datetime) -> Mapping[str, object]:
    """What belongs to the owner, by the kind of its id."""
    conversation, call = cast.answered(home.owner, now=now)
    key, _secret = api_keys.issue(home.owner, api_keys.Wish(label="editor"), by=home.owner.user, now=now)
    offerings.seed(now)
    order = orders.place(offerings.current("starter"), order_id=uuid4(), by=home.owner, now=now)
    return {"conversation": conversation.pk, "call": call.pk, "key": key.pk, "order": order.pk}


def listed(before: str = "", patterns: object = None) -> set[str]:
    """Every address of ours that takes something."""
    found: set[str] = set()
    for entry in patterns or get_resolver().url_patterns:  # type: ignore[attr-defined] # a list of patterns
        name = before + str(entry.pattern)
        found |= listed(name, entry.url_patterns) if hasattr(entry, "url_patterns") else {name}
    return {name for name in found if "<" in name and not name.startswith(OF_OTHERS)}


def address(pattern: str, value: object) -> str:
    before, _, rest = pattern.partition("<")
    return f"/{before}{value}{rest.partition('>')[2]}"


def browser_of(member: Member | None) -> Client:
    client = Client()
    if member:
        client.force_login(member.user)
    return client


class TestEveryAddress:
    def test_is_listed_here(self) -> None:
        assert listed() == PUBLIC | {STREAM} | set(ADDRESSES)

    @pytest.mark.django_db
    @pytest.mark.parametrize("pattern", ADDRESSES)
    def test_is_closed_to_all_but_its_owner(self, home: Home, things: Mapping[str, object], pattern: str) -> None:
        method, kind, expectations = ADDRESSES[pattern]
        people: dict[str, Member | None] = {"adult": home.adult, "child": home.child, "stranger": home.stranger}
        for who, expected in expectations.items():
            browser = browser_of(people.get(who))
            theirs = getattr(browser, method)(address(pattern, things[kind]), {"reason": "because"})
            assert theirs.status_code == expected, who
            nobodys = getattr(browser, method)(address(pattern, _another(things[kind])), {"reason": "because"})
            assert nobodys.status_code == expected, f"{who} can tell that it is there"
        assert not ApiKey.objects.exclude(revoked_at=None).exists()
        if method == "get":
            assert browser_of(home.owner).get(address(pattern, things[kind])).status_code in {200, 302}

    @pytest.mark.django_db
    def test_of_an_answer_on_its_way_is_its_owners(self, home: Home, things: Mapping[str, object]) -> None:
        call_id = things["call"]
        assert isinstance(call_id, UUID)
        asked = {who.name: RequestFactory().get("/") for who in vars(home).values()}
        for who in vars(home).values():
            asked[who.name].user = who.user
        seen = {name: answers._turn_of(request, call_id) is not None for name, request in asked.items()}
        assert seen == {"olga": True, "adult": False, "child": False, "stan": False}


class TestMachines:
    @pytest.mark.django_db
    def test_see_the_calls_of_their_own_member_alone(self, home: Home, now: datetime) -> None:
        call = cast.answered(home.owner, now=now)[1]
        status = {}
        for who in (home.owner, home.adult, home.stranger):
            _key, secret = api_keys.issue(who, api_keys.Wish(label="test"), by=who.user, now=now)
            answer = Client().get(f"/v1/calls/{call.pk}", headers={"x-api-key": secret})
            status[who.name] = answer.status_code
        assert status == {"olga": 200, "adult": 404, "stan": 404}


def _another(value: object) -> object:
    return uuid4() if isinstance(value, UUID) else 2_000_000_000
