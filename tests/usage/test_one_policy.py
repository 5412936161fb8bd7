"""One policy decides what a member may call: the marks on the list, the picker, /v1/models and the ledger agree."""

import re
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts import api_keys
from accounts.models import Member
from models_catalog import catalog
from models_catalog.models import ChatModel, Upstream
from plans import access, ledger, nodes, offerings
from plans.access import Rule
from tests.accounts.people import client_of
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import pickers

pytestmark = pytest.mark.django_db
FRAGMENT = {"hx-request": "true"}
MARKS = "/plans/models/"


def callable_models() -> dict[str, ChatModel]:
    """What can be called here by somebody, by id."""
    offered = {model.slug: model for model in ChatModel.objects.published() if _is_offered(model)}
    assert len(offered) >= 2
    return offered


def _is_offered(model: ChatModel) -> bool:
    try:
        return catalog.offer(model.slug).slug == model.slug
    except catalog.NotConnected:
        return False


def put(rule: Rule, *, on: Member, by: Member, now: datetime) -> None:
    access.put(nodes.seen_by(by, kind="member", node_id=on.pk), rule, by=by.user, now=now)


def marked(client: Client) -> set[str]:
    """The ids that the list marks as out of reach."""
    models = callable_models()
    answer = client.get(MARKS, {"model": list(models)}, headers=FRAGMENT)
    keys = {int(key) for key in re.findall(r'id="badge-(\d+)" hx-swap-oob="true"', answer.content.decode())}
    return {slug for slug, model in models.items() if model.pk in keys}


def ways_in(member: Member, *, now: datetime) -> dict[str, set[str]]:
    """The ids that each way in offers to the member."""
    models = callable_models()
    _key, secret = api_keys.issue(member, api_keys.Wish(label="program"), by=member.user, now=now)
    listed = Client(headers={"authorization": f"Bearer {secret}"}).get("/v1/models").json()["data"]
    asked = {slug: books.reserve(books.ask(member, 1, chat_model_id=model.pk))[0][0] for slug, model in models.items()}
    return {
        "list": set(models) - marked(client_of(member)),
        "picker": {choice.slug for choice in pickers.for_member(member).choices},
        "machine": {each["id"] for each in listed} & set(models),
        "ledger": {slug for slug, outcome in asked.items() if outcome not in {"model_not_allowed", "not_in_plan"}},
    }


class TestPolicy:
    def test_is_the_same_everywhere_without_a_rule(self, home: Home, now: datetime) -> None:
        found = ways_in(home.adult, now=now)
        assert all(slugs == set(callable_models()) for slugs in found.values()), found

    def test_is_the_same_everywhere_for_chosen_models(self, home: Home, now: datetime) -> None:
        kept = callable_models()["demo-fast"]
        put(Rule(chat_model_ids=(kept.pk,)), on=home.adult, by=home.owner, now=now)
        found = ways_in(home.adult, now=now)
        assert all(slugs == {"demo-fast"} for slugs in found.values()), found

    def test_is_the_same_everywhere_for_routes_that_no_upstream_has(self, home: Home, now: datetime) -> None:
        Upstream.objects.update(is_mainland=False)
        put(Rule(is_mainland_only=True), on=home.adult, by=home.owner, now=now)
        found = ways_in(home.adult, now=now)
        assert all(slugs == set() for slugs in found.values()), found


class TestMarks:
    def test_hang_on_rows_that_the_list_has(self, home: Home, now: datetime) -> None:
        put(Rule(chat_model_ids=()), on=home.adult, by=home.owner, now=now)
        client = client_of(home.adult)
        page = client.get("/models/").content.decode()
        asked = re.search(r'hx-get="(/plans/models/\?[^"]+)"', page)
        assert asked
        marks = client.get(asked[1].replace("&amp;", "&"), headers=FRAGMENT).content.decode()
        hung = set(re.findall(r'id="(badge-\d+)"', marks))
        assert hung == set(re.findall(r'id="(badge-\d+)"', page))
        assert marks.count("Not in your plan") == len(hung) == len(callable_models())

    def test_are_for_those_who_belong_somewhere(self, home: Home, client: Client, now: datetime) -> None:
        put(Rule(chat_model_ids=()), on=home.adult, by=home.owner, now=now)
        assert marked(client) == marked(client_of(home.stranger)) == marked(client_of(home.owner)) == set()
        assert "plans/models" not in client.get("/models/").content.decode()
        assert "Sign in to see" in client.get(MARKS).content.decode()

    def test_are_a_page_by_themselves(self, home: Home, now: datetime) -> None:
        put(Rule(chat_model_ids=()), on=home.adult, by=home.owner, now=now)
        answer: Any = client_of(home.adult).get(MARKS, {"model": ["demo-fast", "nonsense"]})
        page = answer.content.decode()
        assert "<html" in page
        assert 'href="/models/demo-fast/"' in page
        assert "No rule keeps" in client_of(home.owner).get(MARKS, {"model": "demo-fast"}).content.decode()

    def test_ask_the_database_little(self, home: Home, now: datetime) -> None:
        put(Rule(chat_model_ids=()), on=home.adult, by=home.owner, now=now)
        client = client_of(home.adult)
        marked(client)
        with query_budget(9):
            client.get(MARKS, {"model": list(callable_models())}, headers=FRAGMENT)


class TestModelSets:
    """Credits that are good for some models alone."""

    @pytest.fixture
    def buyer(self, home: Home) -> Member:
        """The owner of an account whose only credits are for one model."""
        cast.grant(home.stranger, 1_000, chat_model_ids=(callable_models()["demo-fast"].pk,))
        return home.stranger

    def test_are_the_same_everywhere(self, buyer: Member, now: datetime) -> None:
        found = ways_in(buyer, now=now)
        assert all(slugs == {"demo-fast"} for slugs in found.values()), found

    def test_leave_everything_open_beside_credits_for_all(self, buyer: Member, now: datetime) -> None:
        cast.grant(buyer, 1_000)
        found = ways_in(buyer, now=now)
        assert all(slugs == set(callable_models()) for slugs in found.values()), found

    def test_hold_together_with_rules(self, buyer: Member, now: datetime) -> None:
        put(Rule(chat_model_ids=(callable_models()["demo-deep"].pk,)), on=buyer, by=buyer, now=now)
        found = ways_in(buyer, now=now)
        assert all(slugs == set() for slugs in found.values()), found

    def test_leave_an_empty_account_to_buy_what_it_likes(self, home: Home, now: datetime) -> None:
        assert marked(client_of(home.stranger)) == set()
        asked = books.ask(home.stranger, 1, chat_model_id=callable_models()["demo-deep"].pk)
        assert books.reserve(asked)[0][0] == "no_credits"

    def test_are_named_with_the_cheapest_offer_that_has_the_model(self, buyer: Member, now: datetime) -> None:
        offerings.seed(now)
        deep = callable_models()["demo-deep"].pk
        refusal = access.told(ledger.NotInPlan(), account_id=buyer.account_id, chat_model_id=deep)
        assert "“Pack 250,000” has it" in str(refusal)
        assert (refusal.code, refusal.status) == ("insufficient_quota", 402)
