"""The pages of assistants: the shelf, one of them, and how a business makes its own."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts import callers, scenarios
from accounts.models import AuditEvent, Member, User
from models_catalog import catalog
from models_catalog.models import Upstream
from plans import access, nodes
from plans.access import Rule
from portal import brand
from tests.accounts.people import child_of, client_of, tablet_of
from tests.budget import query_budget
from tests.usage import cast, shelves
from tests.usage.shelves import PROMPT, Maker
from usage import assistants, showcase
from usage.models import Assistant

pytestmark = pytest.mark.django_db
FORM = {
    "name": "Tea replies",
    "slug": "tea-replies",
    "summary": "Answers to guests.",
    "prompt": PROMPT,
    "model_name": "everyday",
    "scenario": "",
    "opening": "What does the guest ask?",
    "examples": "Is it organic?\n\n  How long does  it steep?\n",
    "max_output_tokens": "300",
    "longest_question_characters": "2000",
    "temperature": "0.4",
}


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


@pytest.fixture
def line(home: cast.Home, now: datetime) -> Member:
    return child_of(home.owner, now=now)


@pytest.fixture
def tablet(home: cast.Home, line: Member, now: datetime) -> Client:
    return tablet_of(line, by=home.owner, now=now)


@pytest.mark.usefixtures("loaded")
class TestTheShelf:
    def test_shows_everybody_what_each_is_for_and_what_it_costs(self, client: Client) -> None:
        page = html(client.get("/assistants/"))
        for words in ("Homework tutor", "Everyday · ", "credits each time", "times a month with", "For children too"):
            assert words in page
        assert "Make an assistant" not in page

    def test_speaks_chinese(self, client: Client) -> None:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
        for path in ("/assistants/", "/assistants/homework-tutor/"):
            page = html(client.get(path))
            assert "作业辅导" in page
            assert ('placeholder="名称或用途"' in page) == (path == "/assistants/")
            assert "Homework tutor" not in page

    def test_is_searched_and_filtered(self, client: Client) -> None:
        assert "Tax questions" in html(client.get("/assistants/?q=TAX"))
        assert "Letter writer" not in html(client.get("/assistants/?q=TAX"))
        assert "税" in html(client.get("/assistants/?q=税务", headers={"Accept-Language": "zh-hans"}))
        for_business = html(client.get("/assistants/?audience=business"))
        assert ("Sales proposal" in for_business, "Homework tutor" in for_business) == (True, False)
        assert "No assistant matches" in html(client.get("/assistants/?q=zeppelin"))
        assert client.get("/assistants/?audience=nonsense&q=" + "x" * 500).status_code == 200

    def test_stays_within_its_queries(self, firm: Maker, client: Client, now: datetime) -> None:
        shelves.published(firm.owner, now=now)
        brand.current()
        client.get("/assistants/")
        with query_budget(6):
            client.get("/assistants/")
        signed_in = client_of(firm.clerk)
        signed_in.get("/assistants/")
        with query_budget(13):
            page = html(signed_in.get("/assistants/"))
        assert "Of Tea &amp; Co" in page

    def test_shows_children_theirs_alone(self, tablet: Client) -> None:
        page = html(tablet.get("/assistants/"))
        assert "Homework tutor" in page
        assert "Tax questions" not in page
        assert tablet.get("/assistants/tax-questions/").status_code == 404
        assert tablet.get("/chat/?assistant=tax-questions").status_code == 404


def test_the_shelf_says_when_it_is_empty(client: Client, firm: Maker) -> None:
    assert "No assistants yet" in html(client.get("/assistants/"))


@pytest.mark.usefixtures("loaded")
class TestThePage:
    def test_says_what_it_does_where_data_goes_and_how_it_is_called(self, client: Client) -> None:
        page = html(client.get("/assistants/homework-tutor/"))
        for words in (
            "What to ask it",
            "stays on this machine",
            'href="/models/',
            "4,000 characters",
            "900 tokens",
            "assistant/homework-tutor",
            "assistant/homework-tutor@1",
            "Sign in and start",
        ):
            assert words in page

    def test_shows_nobody_the_prompt_of_the_portal(self, client: Client, firm: Maker) -> None:
        for each in (client, client_of(firm.owner)):
            assert "You are a patient homework tutor" not in html(each.get("/assistants/homework-tutor/"))

    def test_starts_where_it_is_for_the_account(self, firm: Maker, home: cast.Home) -> None:
        assert 'href="/chat/?assistant=homework-tutor"' in html(
            client_of(home.owner).get("/assistants/homework-tutor/")
        )
        page = html(client_of(firm.owner).get("/assistants/homework-tutor/"))
        assert "This assistant is for households" in page
        assert 'href="/chat/?assistant=homework-tutor"' not in page
        assert client_of(firm.owner).get("/chat/?assistant=homework-tutor").status_code == 404

    def test_says_when_a_rule_keeps_its_model_away(self, firm: Maker, now: datetime) -> None:
        node = nodes.seen_by(firm.owner, kind="member", node_id=firm.clerk.pk)
        deep = catalog.offer("deep").chat_model_id
        access.put(node, Rule(chat_model_ids=(deep,)), by=firm.owner.user, now=now)
        assert "A rule of your account" in html(client_of(firm.clerk).get("/assistants/letter-writer/"))
        assert "A rule of your account" not in html(client_of(firm.clerk).get("/assistants/tax-questions/"))

    def test_says_when_a_rule_keeps_its_model_from_its_scenario(self, firm: Maker, now: datetime) -> None:
        support = scenarios.make("Support", by=firm.owner, now=now)
        shelves.published(firm.owner, slug="anything", now=now)
        version = shelves.published(firm.owner, slug="support", now=now)
        card, terms = replace(shelves.CARD, scenario=support), assistants.terms_of(version)
        assistants.revise(version.assistant, card=card, terms=terms, by=firm.owner, now=now)
        node = nodes.seen_by(firm.owner, kind="scenario", node_id=support.pk)
        deep = catalog.offer("deep").chat_model_id
        access.put(node, Rule(chat_model_ids=(deep,)), by=firm.owner.user, now=now)
        client = client_of(firm.clerk)
        assert "A rule of your account" in html(client.get("/assistants/support/"))
        assert "A rule of your account" not in html(client.get("/assistants/anything/"))
        caller = callers.of_member(firm.clerk)
        named = {version.assistant.slug for version, _ in showcase.callable_by(caller)}
        assert ("anything" in named, "support" in named) == (True, False)
        client.get("/assistants/")
        with query_budget(14):
            client.get("/assistants/")

    def test_says_when_its_model_is_not_connected(self, client: Client, home: cast.Home, now: datetime) -> None:
        Upstream.objects.update(disabled_at=now)
        catalog.forget()
        assert "not connected" in html(client.get("/assistants/homework-tutor/"))
        assert "No model can be asked right now" in html(client_of(home.owner).get("/chat/?assistant=homework-tutor"))

    def test_is_there_for_who_belongs_nowhere(self) -> None:
        nobody = Client()
        nobody.force_login(User.objects.create_user("nobody@example.com", name="No"))
        page = html(nobody.get("/assistants/homework-tutor/"))
        assert "Found one first; it takes a minute." in page
        assert 'href="/accounts/founding/"' in page
        assert "This assistant is for" not in page


class TestMaking:
    def test_makes_a_draft_that_only_makers_see(self, firm: Maker) -> None:
        answer = client_of(firm.head).post("/assistants/new/", FORM)
        assert answer["Location"] == "/assistants/tea-replies/"
        made = Assistant.objects.get()
        assert made.examples == ["Is it organic?", "How long does it steep?"]
        assert assistants.current(made).max_output_tokens == 300
        page = html(client_of(firm.owner).get("/assistants/tea-replies/"))
        for words in ("Draft", "Publish it", PROMPT, "Try it"):
            assert words in page
        for each in (firm.clerk, firm.rival):
            assert client_of(each).get("/assistants/tea-replies/").status_code == 404
            assert client_of(each).get("/chat/?assistant=tea-replies").status_code == 404
        assert client_of(firm.owner).get("/chat/?assistant=tea-replies").status_code == 200

    def test_says_what_is_wrong_beside_it(self, firm: Maker, now: datetime) -> None:
        shelves.made(firm.owner, now=now)
        client = client_of(firm.owner)
        for change, words in (
            ({}, "is the id of another assistant"),
            ({"slug": "Tea!"}, "Small letters"),
            ({"slug": "tea", "model_name": "nothing"}, "Select a valid choice"),
            ({"slug": "tea", "temperature": "3"}, "less than or equal to 2"),
            ({"slug": "tea", "prompt": ""}, "required"),
            ({"slug": "tea", "examples": "\n".join("abcdefg")}, "At most six lines"),
        ):
            answer = client.post("/assistants/new/", {**FORM, **change})
            assert (answer.status_code, words in html(answer)) == (422, True), words
        assert Assistant.objects.count() == 1

    def test_is_changed_into_a_new_version(self, firm: Maker, now: datetime) -> None:
        shelves.published(firm.owner, now=now)
        client = client_of(firm.payer)
        page = html(client.get("/assistants/tea-replies/revision/"))
        assert PROMPT in page
        assert 'name="slug"' not in page
        answer = client.post("/assistants/tea-replies/revision/", {**FORM, "prompt": "Two."})
        assert answer["Location"] == "/assistants/tea-replies/"
        assert [each.prompt for each in Assistant.objects.get().versions.order_by("version")] == [PROMPT, "Two."]
        page = html(client.get("/assistants/tea-replies/"))
        assert "Version 2" in page
        assert "Version 1" in page

    def test_is_published_withdrawn_and_restored(self, firm: Maker, now: datetime) -> None:
        shelves.made(firm.owner, now=now)
        client = client_of(firm.head)
        seen = []
        for act in ("publication", "withdrawal", "publication"):
            assert client.post(f"/assistants/tea-replies/{act}/")["Location"] == "/assistants/tea-replies/"
            seen.append(client_of(firm.clerk).get("/assistants/tea-replies/").status_code)
        assert seen == [200, 404, 200]
        assert AuditEvent.objects.filter(verb__startswith="assistant.", actor=firm.head.user).count() == 3

    def test_hides_the_prompt_from_colleagues(self, firm: Maker, now: datetime) -> None:
        shelves.published(firm.owner, now=now)
        page = html(client_of(firm.clerk).get("/assistants/tea-replies/"))
        assert "Tea replies" in page
        assert PROMPT not in page
        assert "Withdraw it" not in page
