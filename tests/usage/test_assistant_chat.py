"""A chat that begins with an assistant, the receipts that name it, and assistants at the desk of staff."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, Member, User
from models_catalog.pricing import Usage
from portal.kit import ids
from tests.accounts.people import child_of, client_of, tablet_of
from tests.usage import cast, shelves
from tests.usage.shelves import PROMPT, Maker
from usage import assistants, conversations
from usage.models import Assistant, AssistantCall, Conversation

pytestmark = pytest.mark.django_db


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


@pytest.fixture
def line(home: cast.Home, now: datetime) -> Member:
    return child_of(home.owner, now=now)


@pytest.fixture
def tablet(home: cast.Home, line: Member, now: datetime) -> Client:
    return tablet_of(line, by=home.owner, now=now)


@pytest.mark.usefixtures("loaded")
class TestTheChat:
    def test_begins_with_its_name_examples_and_bounds(self, home: cast.Home) -> None:
        page = html(client_of(home.owner).get("/chat/?assistant=homework-tutor"))
        for words in (
            "<h2>Homework tutor</h2>",
            "what you have tried so far",
            'href="/chat/?assistant=homework-tutor&amp;example=1"',
            "Questions of up to 4,000 characters. Answers of up to 900 tokens.",
            '<input type="hidden" name="model" value="assistant/homework-tutor">',
        ):
            assert words in page
        assert 'name="scenario"' not in page
        assert 'class="picker"' not in page

    def test_puts_a_tapped_example_into_the_composer(self, home: cast.Home) -> None:
        client = client_of(home.owner)
        example = Assistant.objects.get(slug="homework-tutor").examples[1]
        assert f">{example}</textarea>" in html(client.get("/chat/?assistant=homework-tutor&example=1"))
        for nonsense in ("9", "-1", "x", "²", ""):
            page = html(client.get("/chat/", {"assistant": "homework-tutor", "example": nonsense}))
            assert "></textarea>" in page

    def test_keeps_the_assistant_in_the_conversation(self, home: cast.Home, now: datetime) -> None:
        version = assistants.current(Assistant.objects.get(slug="homework-tutor"))
        call = cast.called(home.owner, used=Usage(in_fresh=11, out_text=90))
        turn = conversations.begin(home.owner, version=version, text="Why?", call_id=call.pk, now=now)
        conversations.keep_answer(call.pk, text="Look here.", end=cast.finished())
        page = html(client_of(home.owner).get(f"/chat/{turn.conversation_id}/"))
        assert '<a href="/assistants/homework-tutor/">Homework tutor</a>' in page
        assert 'value="assistant/homework-tutor@1"' in page
        assert "You are a patient" not in page

    def test_estimates_by_the_version_that_the_conversation_keeps(self, home: cast.Home, now: datetime) -> None:
        tutor = Assistant.objects.get(slug="homework-tutor")
        client, kept = client_of(home.owner), {"text": "Why?", "model": "assistant/homework-tutor@1"}
        newest = kept | {"model": "assistant/homework-tutor"}
        before = html(client.post("/chat/estimate/", kept))
        assert before == html(client.post("/chat/estimate/", newest))
        longer = replace(assistants.terms_of(assistants.current(tutor)), prompt="Explain. " * 800, model_name="deep")
        assistants.add_version(tutor, terms=longer, by=None, now=now)
        assert html(client.post("/chat/estimate/", kept)) == before
        assert html(client.post("/chat/estimate/", newest)) != before

    def test_takes_nonsense_for_a_name_that_nobody_knows(self, home: cast.Home) -> None:
        client = client_of(home.owner)
        for name in ("assistant/\0", "assistant/\0@1", "assistant/", "assistant/a/b"):
            sent = {"text": "Why?", "model": name}
            assert client.post("/chat/estimate/", sent).status_code == 200
            assert client.post("/chat/", sent).status_code == 404

    def test_says_when_it_was_withdrawn(self, home: cast.Home, now: datetime) -> None:
        tutor = Assistant.objects.get(slug="homework-tutor")
        turn = conversations.begin(
            home.owner, version=assistants.current(tutor), text="Why?", call_id=ids.uuid7(now), now=now
        )
        assistants.withdraw(tutor, by=None, reason="Wrong", now=now)
        client = client_of(home.owner)
        page = html(client.get(f"/chat/{turn.conversation_id}/"))
        assert "This assistant was withdrawn" in page
        assert "<textarea" not in page
        answer = client.post("/chat/", {"text": "Why?", "model": "assistant/homework-tutor"})
        assert answer.status_code == 410
        assert Conversation.objects.count() == 1

    def test_estimates_at_the_price_of_its_model(self, home: cast.Home) -> None:
        sent = {"text": "Why is the sky blue?", "model": "assistant/homework-tutor"}
        answer = client_of(home.owner).post("/chat/estimate/", sent)
        told = html(answer)
        assert "a question like this: about" in told
        assert "stays on this machine" in told

    def test_begins_for_children_with_theirs(self, tablet: Client) -> None:
        assert "Homework tutor" in html(tablet.get("/chat/?assistant=homework-tutor"))


@pytest.mark.usefixtures("loaded")
class TestReceipts:
    def test_name_the_assistant_on_every_page(self, home: cast.Home) -> None:
        version = assistants.current(Assistant.objects.get(slug="homework-tutor"))
        call = cast.called(home.owner, used=Usage(in_fresh=11, out_text=90))
        plain = cast.called(home.owner, used=Usage(in_fresh=11, out_text=90))
        AssistantCall.objects.create(call_id=call.pk, version=version)
        client = client_of(home.owner)
        assert "Homework tutor <small>version 1</small>" in html(client.get(f"/usage/calls/{call.pk}/"))
        assert "Homework tutor" not in html(client.get(f"/usage/calls/{plain.pk}/"))
        assert html(client.get("/usage/")).count("Homework tutor") == 1


@pytest.mark.usefixtures("loaded")
class TestTheDesk:
    @pytest.fixture
    def desk(self, settings: Any) -> Client:
        settings.DEMO = True
        client = Client()
        client.force_login(User.objects.create_superuser("desk@example.com", password="secret"))
        return client

    def act(self, desk: Client, action: str, slug: str, reason: str) -> None:
        chosen = Assistant.objects.get(slug=slug)
        desk.post("/admin/usage/assistant/", {"action": action, "_selected_action": [chosen.pk], "reason": reason})

    def test_shows_the_portals_prompts_and_no_others(self, desk: Client, firm: Maker, now: datetime) -> None:
        shelves.published(firm.owner, now=now)
        tutor, own = (Assistant.objects.get(slug=slug).pk for slug in ("homework-tutor", "tea-replies"))
        assert "You are a patient homework tutor" in html(desk.get(f"/admin/usage/assistant/{tutor}/change/"))
        page = html(desk.get(f"/admin/usage/assistant/{own}/change/"))
        assert "kept by its account" in page
        assert PROMPT not in page

    def test_withdraws_and_publishes_with_a_reason(self, desk: Client) -> None:
        self.act(desk, "withdraw", "tax-questions", "")
        assert Assistant.objects.get(slug="tax-questions").is_on_shelf
        self.act(desk, "withdraw", "tax-questions", "Rules changed")
        assert not Assistant.objects.get(slug="tax-questions").is_on_shelf
        assert AuditEvent.objects.get(verb="assistant.withdraw").reason == "Rules changed"
        self.act(desk, "publish", "tax-questions", "Checked")
        assert Assistant.objects.get(slug="tax-questions").is_on_shelf
