"""The chat page: tried by everyone who might come; what happens in a browser is told by the journeys."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Member, User
from models_catalog import catalog
from models_catalog.models import Upstream
from portal import brand
from portal.kit import ids
from tests.budget import query_budget
from tests.models_catalog.small_seed import well_known
from tests.usage import cast
from tests.usage.cast import Home
from usage import conversations, pickers
from usage.events import Failed
from usage.models import Conversation, Turn

pytestmark = pytest.mark.django_db


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


class TestPage:
    def test_offers_the_stable_names_first(self, home: Home) -> None:
        answer = client_of(home.owner).get("/chat/")
        assert [choice.slug for choice in answer.context["aliases"]] == ["everyday", "deep", "fast"]
        page = html(answer)
        for words in ("×0.3", "×12", "stays on this machine", "All models"):
            assert words in page

    def test_takes_the_model_of_a_link(self, home: Home) -> None:
        assert client_of(home.owner).get("/chat/?model=deep").context["chosen"].slug == "deep"
        assert client_of(home.owner).get("/chat/?model=nonsense").context["chosen"].slug == "everyday"

    def test_shows_what_was_said_with_its_receipt(self, home: Home, now: datetime) -> None:
        conversation, call = cast.answered(home.owner, now=now)
        page = html(client_of(home.owner).get(f"/chat/{conversation.pk}/"))
        for words in (
            cast.QUESTION,
            "<strong>scattering</strong>",
            "AI-generated",
            "of this month",
            "11 tokens in",
            f"/usage/calls/{call.pk}/",
        ):
            assert words in page

    def test_waits_for_an_answer_on_its_way(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        page = html(client_of(home.owner).get(f"/chat/{turn.conversation_id}/"))
        assert f'data-stream="/chat/answers/{turn.call_id}/stream/"' in page
        assert f'action="/chat/answers/{turn.call_id}/stop/"' in page

    def test_marks_no_answer_that_never_came(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        assert turn.call_id
        conversations.keep_answer(turn.call_id, text="", end=Failed("platform", "", 503))
        page = html(client_of(home.owner).get(f"/chat/{turn.conversation_id}/"))
        assert "Something broke on our side" in page
        assert "AI-generated</span>" not in page
        assert 'data-behavior="copy"' not in page

    def test_shows_words_as_words(self, home: Home, now: datetime) -> None:
        nasty = "<script>alert(1)</script>{{ x }}"
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now, text=nasty)
        assert turn.call_id
        conversations.keep_answer(turn.call_id, text=nasty, end=cast.finished())
        page = html(client_of(home.owner).get(f"/chat/{turn.conversation_id}/"))
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert") >= 3

    def test_says_when_nothing_can_be_asked(self, home: Home, now: datetime) -> None:
        Upstream.objects.update(disabled_at=now)
        catalog.forget()
        page = html(client_of(home.owner).get("/chat/"))
        assert "No model can be asked right now" in page
        assert "<textarea" not in page

    def test_says_when_there_are_no_credits(self, home: Home) -> None:
        assert "There are no credits to ask with yet" in html(client_of(home.stranger).get("/chat/"))
        assert "There are no credits" not in html(client_of(home.owner).get("/chat/"))

    def test_shows_the_plans_to_who_may_buy(self, home: Home) -> None:
        Member.objects.filter(pk=home.child.pk).update(account=home.stranger.account)
        child = Member.objects.get(pk=home.child.pk)
        assert "See the plans" in html(client_of(home.stranger).get("/chat/"))
        page = html(client_of(child).get("/chat/"))
        assert "Whoever looks after the account can get more" in page
        assert "See the plans" not in page

    def test_stays_within_its_queries(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        client = client_of(home.owner)
        client.get("/chat/")
        brand.forget()  # asked again every few seconds, so on a slow machine in between
        # Session, user, membership, brand, news, clock; headings and their key; rules, models, names; lots, scenarios.
        with query_budget(13):
            client.get("/chat/")
        brand.forget()
        # The conversation, its turns and their key, the calls and votes, what a month has, the names of their models.
        with query_budget(20):
            client.get(f"/chat/{conversation.pk}/")


class TestAsking:
    @pytest.mark.parametrize(
        ("text", "model", "status", "words"),
        [
            ("", "fast", 400, "Write a question first"),
            ("x" * 32_001, "fast", 400, "the chat takes 32000"),
            ("x" * 200_000, "fast", 400, "the chat takes 32000"),
            ("Hello", "nonsense", 404, "nonsense"),
            ("Hello", "", 404, ""),
        ],
    )
    def test_keeps_the_draft_when_it_is_refused(
        self, home: Home, text: str, model: str, status: int, words: str
    ) -> None:
        answer = client_of(home.owner).post("/chat/", {"text": text, "model": model})
        page = html(answer)
        assert answer.status_code == status
        assert 'role="alert"' in page
        assert words in page
        assert f"{text}</textarea>" in page
        assert not Conversation.objects.exists()

    def test_answers_a_script_with_the_sentence_alone(self, home: Home) -> None:
        answer = client_of(home.owner).post("/chat/", {"text": "", "model": "fast"}, headers={"HX-Request": "true"})
        assert answer.status_code == 400
        assert "<html" not in html(answer)
        assert "Write a question first" in html(answer)

    def test_waits_for_the_answer_before(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        answer = client_of(home.owner).post(f"/chat/{turn.conversation_id}/turns/", {"text": "Hm?", "model": "fast"})
        assert answer.status_code == 409
        assert "still being answered" in html(answer)
        assert "Hm?</textarea>" in html(answer)
        assert Turn.objects.count() == 2


class TestEstimate:
    def test_says_it_in_life_to_a_household(self, home: Home) -> None:
        said = html(client_of(home.owner).post("/chat/estimate/", {"text": "Why? " * 50, "model": "deep"}))
        assert "% of the month" in said

    def test_says_it_in_credits_to_a_business(self, home: Home) -> None:
        said = html(client_of(home.stranger).post("/chat/estimate/", {"text": "Why? " * 50, "model": "deep"}))
        assert "credits" in said

    def test_says_where_data_goes_before_anything_is_written(self, home: Home) -> None:
        assert (
            html(client_of(home.owner).post("/chat/estimate/", {"text": " ", "model": "x"})) == "stays on this machine"
        )

    def test_costs_and_keeps_nothing(self, home: Home) -> None:
        client_of(home.owner).post("/chat/estimate/", {"text": "Why?", "model": "deep"})
        assert not Turn.objects.exists()


class TestExport:
    def test_marks_each_answer(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        answer = client_of(home.owner).get(f"/chat/{conversation.pk}/export/")
        said = answer.content.decode()
        assert answer["Content-Type"].startswith("text/markdown")
        assert answer["Content-Disposition"].startswith("attachment")
        assert "ai-generated: true" in said
        assert said.index(cast.QUESTION) < said.index("AI-generated") < said.index(cast.ANSWER)

    def test_marks_it_in_chinese_for_who_reads_chinese(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.owner, now=now)
        answer = client_of(home.owner).get(f"/chat/{conversation.pk}/export/", headers={"Accept-Language": "zh-hans"})
        assert "人工智能生成" in answer.content.decode()


class TestRemoval:
    def test_deletes_the_words(self, home: Home, now: datetime) -> None:
        conversation, call = cast.answered(home.owner, now=now)
        answer = client_of(home.owner).post(f"/chat/{conversation.pk}/removal/")
        assert answer["Location"] == "/chat/"
        assert not Turn.objects.exists()
        assert client_of(home.owner).get(f"/usage/calls/{call.pk}/").status_code == 200

    def test_waits_for_the_answer(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        answer = client_of(home.owner).post(f"/chat/{turn.conversation_id}/removal/")
        assert answer.status_code == 409
        assert Turn.objects.count() == 2


class TestVisitors:
    def test_never_read_what_someone_else_asked(self, home: Home, now: datetime) -> None:
        """Not even the owner reads what a child asks."""
        conversation, call = cast.answered(home.child, now=now)
        for member in (home.owner, home.adult, home.stranger):
            client = client_of(member)
            for url in _reading(conversation):
                assert client.get(url).status_code == 404, url
            for url in _changing(conversation, call.pk):
                assert client.post(url, {"text": "x", "model": "fast"}).status_code == 404, url
            assert not client.get("/chat/").context["headings"]
        assert Turn.objects.count() == 2

    def test_who_asked_may(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.child, now=now)
        for url in (f"/chat/{conversation.pk}/", f"/chat/{conversation.pk}/export/"):
            assert client_of(home.child).get(url).status_code == 200

    def test_without_a_name_are_asked_to_sign_in(self, home: Home, now: datetime, client: Client) -> None:
        conversation, call = cast.answered(home.child, now=now)
        for url in ("/chat/", f"/chat/{conversation.pk}/", f"/chat/{conversation.pk}/export/"):
            assert client.get(url)["Location"].startswith("/accounts/login/?next=")
        for url in ("/chat/", "/chat/estimate/", *_changing(conversation, call.pk)):
            assert client.post(url)["Location"].startswith("/accounts/login/?next=")

    def test_who_left_see_nothing_more(self, home: Home, now: datetime) -> None:
        conversation, _ = cast.answered(home.child, now=now)
        Member.objects.filter(pk=home.child.pk).update(left_at=now)
        for url in _reading(conversation):
            assert client_of(home.child).get(url).status_code in {403, 404}

    def test_without_an_account_are_led_to_founding(self, home: Home) -> None:
        client = Client()
        client.force_login(User.objects.create_user("new@example.com", name="new"))
        answer = client.get("/chat/")
        assert answer.status_code == 403
        assert "/accounts/founding/" in html(answer)

    def test_change_nothing_by_looking(self, home: Home, now: datetime) -> None:
        conversation, call = cast.answered(home.owner, now=now)
        for url in ("/chat/estimate/", *_changing(conversation, call.pk)):
            assert client_of(home.owner).get(url).status_code == 405

    def test_from_elsewhere_are_refused(self, home: Home, now: datetime) -> None:
        conversation, call = cast.answered(home.owner, now=now)
        client = Client(enforce_csrf_checks=True)
        client.force_login(home.owner.user)
        for url in ("/chat/", "/chat/estimate/", *_changing(conversation, call.pk)):
            assert client.post(url, {"text": "x", "model": "fast"}).status_code == 403


class TestPicker:
    def test_has_only_what_can_be_called(self, home: Home) -> None:
        well_known("gpt-5", "claude-sonnet-5")
        picker = pickers.for_member(home.owner)
        assert {choice.slug for choice in picker.choices}.isdisjoint({"gpt-5", "claude-sonnet-5"})
        assert picker.chosen
        assert [choice.slug for choice in (*picker.aliases, *picker.choices) if choice.is_chosen] == ["everyday"]

    def test_goes_on_with_a_model_of_the_list(self, home: Home) -> None:
        slug = pickers.for_member(home.owner).choices[0].slug
        chosen = pickers.for_member(home.owner, chosen=slug).chosen
        assert chosen
        assert chosen.slug == slug


def _reading(conversation: Conversation) -> list[str]:
    """The stream has threads of its own, which see no transaction of a test: the journeys try it."""
    return [f"/chat/{conversation.pk}/", f"/chat/{conversation.pk}/export/", f"/chat/{uuid4()}/"]


def _changing(conversation: Conversation, call_id: object) -> list[str]:
    return [
        f"/chat/{conversation.pk}/turns/",
        f"/chat/{conversation.pk}/removal/",
        f"/chat/answers/{call_id}/stop/",
    ]
