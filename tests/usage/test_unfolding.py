"""An assistant's name: what it stands for to whom, and what unfolding does to a request."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from accounts import callers, children, scenarios
from accounts.children import Limits
from accounts.models import AuditEvent, Scenario
from models_catalog import catalog
from models_catalog.providers.base import ChatRequest
from tests.accounts.people import child_of
from tests.usage import cast, shelves
from tests.usage.shelves import CARD, PROMPT, TERMS, Maker
from usage import assistants, conversations, questions, showcase, unfolding
from usage.models import Assistant, AssistantVersion, Conversation, Turn

pytestmark = pytest.mark.django_db


def asking(text: str = "Hello", **fields: Any) -> ChatRequest:
    return ChatRequest(model="assistant/x", messages=[{"role": "user", "content": text}], **fields)


def unfolded(version: AssistantVersion, request: ChatRequest) -> ChatRequest:
    return unfolding.unfold(version, request, offer=catalog.offer(version.model_name))


def callers_other(caller: callers.Caller) -> callers.Caller:
    return replace(caller, account_id=caller.account_id + 1)


class TestFinding:
    def test_takes_the_newest_or_the_one_that_is_named(self, firm: Maker, now: datetime) -> None:
        version = shelves.published(firm.owner, now=now)
        assistants.revise(version.assistant, card=CARD, terms=replace(TERMS, prompt="Two."), by=firm.owner, now=now)
        caller = callers.of_member(firm.clerk)
        assert unfolding.find("assistant/tea-replies", caller).prompt == "Two."
        assert unfolding.find("assistant/tea-replies@1", caller) == version
        assert unfolding.name_of(version) == "assistant/tea-replies@1"

    @pytest.mark.parametrize(
        "name",
        ["assistant/", "assistant/nothing", "assistant/tea-replies@3", "assistant/tea-replies@0", "assistant/Tea"],
    )
    def test_knows_nothing_else(self, firm: Maker, now: datetime, name: str) -> None:
        shelves.published(firm.owner, now=now)
        with pytest.raises(catalog.UnknownModel):
            unfolding.find(name, callers.of_member(firm.owner))

    def test_tells_others_nothing_of_it(self, firm: Maker, home: cast.Home, now: datetime) -> None:
        shelves.published(firm.owner, now=now)
        shelves.made(firm.owner, slug="draft", now=now)
        shelves.common("shop", now=now, audience="business")
        shelves.common("letters", now=now)
        line = child_of(home.owner, now=now)
        hidden = (
            ("tea-replies", firm.rival),
            ("draft", firm.clerk),
            ("shop", home.owner),
            ("letters", line),
        )
        for slug, who in hidden:
            with pytest.raises(catalog.UnknownModel):
                unfolding.find(f"assistant/{slug}", callers.of_member(who))
        assert unfolding.find("assistant/draft", callers.of_member(firm.head)).prompt == PROMPT

    def test_prefers_the_accounts_own(self, firm: Maker, now: datetime) -> None:
        own = shelves.published(firm.owner, slug="tutor", now=now)
        common = shelves.common("tutor", now=now)
        assert unfolding.find("assistant/tutor", callers.of_member(firm.clerk)) == own
        assert unfolding.find("assistant/tutor", callers.of_member(firm.rival)) == common

    def test_tells_nobody_of_what_the_portal_never_published(self, firm: Maker, now: datetime) -> None:
        shelves.common("draft", now=now, published_at=None)
        shelves.common("dropped", now=now, published_at=None, withdrawn_at=now)
        for slug in ("draft", "dropped"):
            with pytest.raises(catalog.UnknownModel):
                unfolding.find(f"assistant/{slug}", callers.of_member(firm.owner))

    def test_takes_the_portals_where_an_own_one_cannot_be_asked(self, firm: Maker, now: datetime) -> None:
        draft = shelves.made(firm.owner, slug="tutor", now=now)
        common = shelves.common("tutor", now=now)
        assert unfolding.find("assistant/tutor", callers.of_member(firm.clerk)) == common
        assert unfolding.find("assistant/tutor", callers.of_member(firm.owner)) == draft
        assistants.withdraw(draft.assistant, by=firm.owner.user, reason="", now=now)
        assert unfolding.find("assistant/tutor", callers.of_member(firm.owner)) == common
        assistants.withdraw(common.assistant, by=None, reason="", now=now)
        for who in (firm.owner, firm.clerk):
            with pytest.raises(unfolding.Withdrawn):
                unfolding.find("assistant/tutor", callers.of_member(who))

    def test_of_a_child_who_calls_for_one_thing_finds_what_is_for_that(self, home: cast.Home, now: datetime) -> None:
        tutor = shelves.common("tutor", now=now, is_for_children=True)
        shelves.common("coder", now=now, is_for_children=True, scenario="Coding")
        caller = callers.of_member(child_of(home.owner, now=now))
        coder = unfolding.find("assistant/coder", caller)
        homework = replace(caller, scenario_id=tutor.assistant.scenario_id)
        assert unfolding.find("assistant/tutor", homework) == tutor
        for look in (unfolding.find, unfolding.remembered):
            with pytest.raises(catalog.UnknownModel):
                look("assistant/coder", homework)
        assert [version for version, _ in showcase.callable_by(homework)] == [tutor]
        assert {version for version, _ in showcase.callable_by(caller)} == {tutor, coder}

    def test_shows_a_child_what_its_guardians_allow(self, home: cast.Home, now: datetime) -> None:
        tutor = shelves.common("tutor", now=now, is_for_children=True)
        shelves.common("coder", now=now, is_for_children=True, scenario="Coding")
        line = child_of(home.owner, now=now)
        homework = Scenario.objects.get(account=None, name="Homework").pk
        limits = Limits(daily_minutes=None, quiet_from=None, quiet_to=None, scenario_ids=(homework,))
        children.limit(line, limits, by=home.owner, now=now)
        caller = callers.of_member(line)
        assert showcase.seen_version("assistant/tutor", caller) == tutor
        with pytest.raises(catalog.UnknownModel):
            showcase.seen_version("assistant/coder", caller)

    def test_is_remembered_without_the_database(
        self, firm: Maker, now: datetime, django_assert_num_queries: Any
    ) -> None:
        version = shelves.published(firm.owner, now=now)
        caller, name = callers.of_member(firm.clerk), "assistant/tea-replies"
        assert unfolding.remembered(name, caller) is None
        unfolding.find(name, caller)
        with django_assert_num_queries(0):
            assert unfolding.remembered(name, caller) == version
            assert unfolding.remembered(name, callers_other(caller)) is None
            assert not unfolding.is_assistant("fast")

    def test_remembers_nothing_that_was_read_before_all_was_forgotten(
        self, firm: Maker, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = shelves.published(firm.owner, now=now)
        caller, name, read = callers.of_member(firm.clerk), "assistant/tea-replies", unfolding._meant

        def meant(slug: str, caller: callers.Caller) -> Assistant | None:
            unfolding.forget()
            return read(slug, caller)

        monkeypatch.setattr(unfolding, "_meant", meant)
        assert unfolding.find(name, caller) == version
        assert unfolding.remembered(name, caller) is None

    def test_remembers_no_drafts_and_asks_for_whom_it_is_each_time(
        self, firm: Maker, home: cast.Home, now: datetime
    ) -> None:
        shelves.made(firm.owner, now=now)
        caller = callers.of_member(firm.owner)
        unfolding.find("assistant/tea-replies", caller)
        assert unfolding.remembered("assistant/tea-replies", caller) is None
        shelves.common("letters", now=now)
        grown = callers.of_member(home.owner)
        unfolding.find("assistant/letters", grown)
        with pytest.raises(catalog.UnknownModel):
            unfolding.remembered("assistant/letters", replace(grown, tier="under_12"))

    def test_refuses_what_was_withdrawn(
        self, firm: Maker, now: datetime, django_capture_on_commit_callbacks: Any
    ) -> None:
        version = shelves.published(firm.owner, now=now)
        caller = callers.of_member(firm.clerk)
        unfolding.find("assistant/tea-replies", caller)
        with django_capture_on_commit_callbacks(execute=True):
            assistants.withdraw(version.assistant, by=firm.owner.user, reason="Wrong", now=now)
        assert unfolding.remembered("assistant/tea-replies", caller) is None
        with pytest.raises(unfolding.Withdrawn):
            unfolding.find("assistant/tea-replies", caller)
        version.assistant.refresh_from_db()
        assistants.publish(version.assistant, by=firm.owner.user, reason="", now=now + timedelta(days=1))
        again = unfolding.find("assistant/tea-replies", caller)
        assert again.assistant.published_at == now
        verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
        assert verbs[-3:] == ["assistant.publish", "assistant.withdraw", "assistant.publish"]


class TestUnfolding:
    def test_puts_the_prompt_before_all_that_is_said(self, firm: Maker, now: datetime) -> None:
        version = shelves.made(firm.owner, now=now)
        own = {"role": "system", "content": "Be rude."}
        request = asking()
        told = unfolded(version, ChatRequest(model="x", messages=[own, *request.messages]))
        assert told.messages == [{"role": "system", "content": PROMPT}, own, *request.messages]
        assert told.model == "fast"

    def test_speaks_the_language_of_the_question(self, firm: Maker, now: datetime) -> None:
        version = shelves.made(firm.owner, now=now, prompt_zh="你代表茶店回复。")
        assert unfolded(version, asking("乌龙茶是有机的吗？")).messages[0]["content"] == "你代表茶店回复。"
        assert unfolded(version, asking("Is it organic?")).messages[0]["content"] == PROMPT

    @pytest.mark.parametrize(("asked", "limit"), [(None, 300), (100, 100), (5_000, 300)])
    def test_keeps_answers_within_its_bound(self, firm: Maker, now: datetime, asked: int | None, limit: int) -> None:
        version = shelves.made(firm.owner, now=now)
        assert unfolded(version, asking(max_output_tokens=asked)).max_output_tokens == limit

    def test_never_asks_for_more_than_its_model_writes(self, firm: Maker, now: datetime) -> None:
        version = shelves.made(firm.owner, now=now, max_output_tokens=30_000)
        assert unfolded(version, asking()).max_output_tokens == catalog.offer("fast").max_output_tokens
        free = shelves.made(firm.owner, slug="free", now=now, max_output_tokens=None)
        assert unfolded(free, asking(max_output_tokens=7)).max_output_tokens == 7

    def test_sets_its_temperature_where_it_has_one(self, firm: Maker, now: datetime) -> None:
        cold = shelves.made(firm.owner, now=now, temperature=Decimal("0.2"))
        free = shelves.made(firm.owner, slug="free", now=now)
        assert unfolded(cold, asking(temperature=1.5)).temperature == 0.2
        assert unfolded(free, asking(temperature=1.5)).temperature == 1.5

    def test_refuses_questions_that_are_too_long(self, firm: Maker, now: datetime) -> None:
        version = shelves.made(firm.owner, now=now, longest_question_characters=5)
        assert unfolded(version, asking("12345")).model == "fast"
        parts = [{"type": "text", "text": "123"}, {"type": "text", "text": "456"}]
        for content in ("123456", parts):
            request = ChatRequest(model="x", messages=[{"role": "user", "content": content}])
            with pytest.raises(unfolding.TooMuchAsked):
                unfolded(version, request)

    def test_is_for_its_scenario_unless_the_caller_says_another(self, firm: Maker, now: datetime) -> None:
        version = shelves.common("tutor", now=now)
        caller = callers.of_member(firm.clerk)
        assert unfolding.spoken_by(version, caller).scenario_id == version.assistant.scenario_id
        assert unfolding.spoken_by(version, replace(caller, scenario_id=7)).scenario_id == 7

    def test_is_for_nothing_once_its_scenario_is_closed(self, firm: Maker, now: datetime) -> None:
        support = scenarios.make("Support", by=firm.owner, now=now)
        version = assistants.make("tea", card=replace(CARD, scenario=support), terms=TERMS, by=firm.owner, now=now)
        caller = callers.of_member(firm.owner)
        found = unfolding.find("assistant/tea", caller)
        assert (found, unfolding.spoken_by(found, caller).scenario_id) == (version, support.pk)
        scenarios.close(support, by=firm.owner, now=now)
        assert unfolding.spoken_by(unfolding.find("assistant/tea", caller), caller).scenario_id is None

    def test_chooses_the_language_of_its_prompt_without_reading_each_letter(self, firm: Maker, now: datetime) -> None:
        class Long(str):
            __slots__ = ()

            def __iter__(self) -> Any:
                raise AssertionError

        plain = shelves.made(firm.owner, now=now)
        two = shelves.made(firm.owner, slug="two", now=now, prompt_zh="你代表茶店回复。")
        question = Long("Is the 乌龙茶 organic?")
        assert (plain.prompt_for(question), two.prompt_for(question)) == (PROMPT, "你代表茶店回复。")
        assert two.prompt_for(Long("Is it organic?")) == PROMPT


class TestConversations:
    def test_keep_the_version_and_store_no_prompt(self, firm: Maker, now: datetime) -> None:
        version = shelves.published(firm.owner, now=now)
        answer = conversations.begin(firm.clerk, version=version, text="Hello", call_id=uuid4(), now=now)
        kept = Conversation.objects.get()
        assert (kept.assistant_version, kept.model_name, answer.model_name) == (version, "fast", "fast")
        assert [said.text for said in conversations.read(kept, now=now)] == ["Hello", ""]
        assistants.revise(version.assistant, card=CARD, terms=replace(TERMS, prompt="Two."), by=firm.owner, now=now)
        request = questions._request(answer, offer=catalog.offer("fast"), now=now)
        assert (request.model, request.messages) == (
            "assistant/tea-replies@1",
            [{"role": "user", "content": "Hello"}],
        )

    def test_are_asked_again_with_their_prompt(self, home: cast.Home, now: datetime) -> None:
        version = shelves.common("tutor", now=now, is_for_children=True)
        line = child_of(home.owner, now=now)
        call_id = uuid4()
        conversations.begin(line, version=version, text="Hello", call_id=call_id, now=now)
        request = questions.repeat(call_id)
        assert request is not None
        roles = [message["role"] for message in request.messages]
        assert roles == ["system", "system", "user"]
        assert "patient tutor" in request.messages[0]["content"]
        assert request.messages[1]["content"] == PROMPT
        assert (request.model, request.max_output_tokens) == ("fast", 300)

    def test_leave_nothing_when_the_question_is_empty(self, firm: Maker, now: datetime) -> None:
        version = shelves.published(firm.owner, now=now)
        with pytest.raises(conversations.NothingAsked):
            conversations.begin(firm.clerk, version=version, text=" ", call_id=uuid4(), now=now)
        assert not Turn.objects.exists()

    def test_estimate_counts_what_is_told_before(self, firm: Maker, now: datetime) -> None:
        shelves.published(firm.owner, now=now)
        plain = questions.estimate(firm.clerk, text="Hello", model_name="fast", now=now)
        told = questions.estimate(firm.clerk, text="Hello", model_name="assistant/tea-replies", now=now)
        assert told.credits > plain.credits
