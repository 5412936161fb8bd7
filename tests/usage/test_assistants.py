"""Assistants: made by whom, seen by whom, found by name, and what unfolding does to a request."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError

from accounts import callers, children
from accounts.children import Limits
from accounts.models import AuditEvent, Member, Scenario
from models_catalog import catalog
from models_catalog import shelf as models_shelf
from models_catalog.providers.base import ChatRequest
from tests.accounts.people import child_of
from tests.usage import cast, shelves
from tests.usage.shelves import CARD, PROMPT, TERMS, Maker
from usage import assistants, conversations, questions, shelf, showcase, unfolding
from usage.assistants import Terms
from usage.models import Assistant, AssistantCall, AssistantVersion, Conversation, Turn

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(now: datetime) -> Iterator[Maker]:
    models_shelf.seed(now=now, addresses=cast.ADDRESSES)
    catalog.forget()
    unfolding.forget()
    yield shelves.firm()
    catalog.forget()
    unfolding.forget()


def asking(text: str = "Hello", **fields: Any) -> ChatRequest:
    return ChatRequest(model="assistant/x", messages=[{"role": "user", "content": text}], **fields)


def unfolded(version: AssistantVersion, request: ChatRequest) -> ChatRequest:
    return unfolding.unfold(version, request, offer=catalog.offer(version.model_name))


def slugs(viewer: Member | None) -> set[str]:
    return set(Assistant.objects.seen_by(viewer).values_list("slug", flat=True))


class TestMaking:
    def test_is_for_who_leads_a_business_or_a_department(self, firm: Maker, now: datetime) -> None:
        for each in (firm.owner, firm.payer, firm.head):
            assert shelves.made(each, slug=f"of-{each.role.replace('_', '-')}", now=now).version == 1
        for each in (firm.clerk, firm.auditor):
            with pytest.raises(assistants.NotAMaker):
                shelves.made(each, slug="of-another", now=now)

    def test_is_not_for_households(self, home: cast.Home, now: datetime) -> None:
        with pytest.raises(assistants.NotAMaker):
            shelves.made(home.owner, now=now)

    def test_writes_down_who_made_it(self, firm: Maker, now: datetime) -> None:
        version = shelves.made(firm.head, now=now)
        assert version.created_by == firm.head
        event = AuditEvent.objects.get(verb="assistant.make")
        assert (event.account, event.actor, event.subject) == (firm.owner.account, firm.head.user, "Tea replies")
        assert PROMPT not in str(event.details)

    @pytest.mark.parametrize("slug", ["new", "tutor", "tea-replies"])
    def test_takes_no_id_that_means_something_else(self, firm: Maker, now: datetime, slug: str) -> None:
        shelves.common("tutor", now=now)
        shelves.made(firm.owner, now=now)
        with pytest.raises(assistants.SlugTaken):
            shelves.made(firm.head, slug=slug, now=now)

    def test_lets_another_business_use_the_same_id(self, firm: Maker, now: datetime) -> None:
        shelves.made(firm.owner, now=now)
        assert shelves.made(firm.rival, now=now).assistant.account == firm.rival.account

    def test_has_an_end(self, firm: Maker, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(assistants, "MOST_ASSISTANTS", 2)
        first = shelves.published(firm.owner, slug="one", now=now).assistant
        shelves.made(firm.owner, slug="two", now=now)
        with pytest.raises(assistants.TooManyAssistants):
            shelves.made(firm.owner, slug="three", now=now)
        assistants.withdraw(first, by=firm.owner.user, reason="", now=now)
        shelves.made(firm.owner, slug="three", now=now)
        first.refresh_from_db()
        with pytest.raises(assistants.TooManyAssistants):
            assistants.publish(first, by=firm.owner.user, reason="", now=now)


class TestRevising:
    def test_adds_a_version_where_answers_change(self, firm: Maker, now: datetime) -> None:
        version = shelves.made(firm.owner, now=now)
        other = replace(TERMS, prompt="Be brief.")
        assert assistants.revise(version.assistant, card=CARD, terms=other, by=firm.head, now=now).version == 2
        assert assistants.current(version.assistant).prompt == "Be brief."
        version.refresh_from_db()
        assert version.prompt == PROMPT

    def test_adds_none_where_only_the_card_changes(self, firm: Maker, now: datetime) -> None:
        version = shelves.made(firm.owner, now=now, temperature=Decimal("0.30"))
        card, same = replace(CARD, name="Tea"), replace(TERMS, temperature=Decimal("0.3"))
        assert assistants.revise(version.assistant, card=card, terms=same, by=firm.owner, now=now) == version
        assert Assistant.objects.get().name == "Tea"

    def test_is_for_makers_and_has_an_end(self, firm: Maker, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        version = shelves.made(firm.owner, now=now)
        with pytest.raises(assistants.NotAMaker):
            assistants.revise(version.assistant, card=CARD, terms=TERMS, by=firm.clerk, now=now)
        monkeypatch.setattr(assistants, "MOST_VERSIONS", 1)
        with pytest.raises(assistants.TooManyVersions):
            assistants.revise(
                version.assistant, card=CARD, terms=replace(TERMS, prompt="Other."), by=firm.owner, now=now
            )

    @pytest.mark.parametrize("change", ["update", "delete"])
    def test_never_edits_a_version(self, firm: Maker, now: datetime, change: str) -> None:
        found = AssistantVersion.objects.filter(pk=shelves.made(firm.owner, now=now).pk)
        with pytest.raises(DatabaseError, match="never edited or deleted"), transaction.atomic():
            found.update(prompt="Other.") if change == "update" else found.delete()


class TestSeeing:
    def test_is_of_what_is_published_and_of_ones_own(self, firm: Maker, now: datetime) -> None:
        shelves.common("tutor", now=now)
        shelves.common("draft-tutor", now=now, published_at=None)
        shelves.common("old-tutor", now=now, withdrawn_at=now)
        shelves.made(firm.owner, slug="draft", now=now)
        shelves.published(firm.owner, slug="ready", now=now)
        gone = shelves.published(firm.owner, slug="gone", now=now)
        assistants.withdraw(gone.assistant, by=firm.owner.user, reason="", now=now)
        for each in (firm.owner, firm.payer, firm.head):
            assert slugs(each) == {"tutor", "draft", "ready", "gone"}
        for each in (firm.clerk, firm.auditor):
            assert slugs(each) == {"tutor", "ready"}
        assert slugs(firm.rival) == slugs(None) == {"tutor"}

    def test_of_a_child_is_what_is_for_children_and_what_its_guardian_allows(
        self, home: cast.Home, now: datetime
    ) -> None:
        shelves.common("tutor", now=now, is_for_children=True)
        shelves.common("words", now=now, is_for_children=True, scenario="Languages")
        shelves.common("taxes", now=now)
        line = child_of(home.owner, now=now)
        assert slugs(line) == {"tutor", "words"}
        homework = Scenario.objects.get(account=None, name="Homework")
        limits = Limits(daily_minutes=None, quiet_from=None, quiet_to=None, scenario_ids=(homework.pk,))
        children.limit(line, limits, by=home.owner, now=now)
        assert slugs(Member.objects.get(pk=line.pk)) == {"tutor"}

    def test_says_what_each_costs_and_for_whom_it_is(self, home: cast.Home, now: datetime) -> None:
        shelves.common("tutor", now=now, audience="household")
        shelves.common("shop", now=now, audience="business", scenario="Shop and customers")
        shown = {each.assistant.slug: each for each in showcase.shelf(home.owner).common}
        assert (shown["tutor"].can_start, shown["shop"].can_start) == (True, False)
        rates = catalog.offer("fast").rates
        assert shown["tutor"].cost == -(-(400 * rates.in_fresh + 600 * rates.out_text) // 1_000_000)
        assert {each.assistant.slug for each in showcase.shelf(None, audience="business").common} == {"shop"}
        assert [each.assistant.slug for each in showcase.shelf(None, words="TUT help").common] == ["tutor"]

    def test_counts_the_instructions_of_an_accounts_own(self, firm: Maker, now: datetime) -> None:
        shelves.published(firm.owner, now=now, prompt="x" * 4_000)
        (shown,) = showcase.shelf(firm.clerk).own
        assert shown.usual_input_tokens == 1_400


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


def callers_other(caller: callers.Caller) -> callers.Caller:
    return replace(caller, account_id=caller.account_id + 1)


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


class TestTheFile:
    def test_is_loaded_as_drafts_and_once(self, home: cast.Home, now: datetime) -> None:
        loaded = shelf.load(now=now)
        assert len(loaded) == 13
        assert not any(each.is_on_shelf for each in loaded)
        assert [each.pk for each in shelf.load(now=now)] == [each.pk for each in loaded]
        assert AssistantVersion.objects.count() == 13

    def test_is_opened_and_what_staff_withdrew_stays_withdrawn(self, home: cast.Home, now: datetime) -> None:
        shelf.open_all(now=now)
        assert Assistant.objects.on_shelf().count() == 13
        tax = Assistant.objects.get(slug="tax-questions")
        assistants.withdraw(tax, by=None, reason="Rules changed", now=now)
        shelf.open_all(now=now)
        assert set(Assistant.objects.values_list("slug", flat=True)) - slugs(None) == {"tax-questions"}

    def test_says_all_in_both_languages_and_forbids_something(self, home: cast.Home, now: datetime) -> None:
        for each in shelf.load(now=now):
            version = assistants.current(each)
            assert all((each.name_zh, each.summary_zh, each.opening, each.opening_zh, each.scenario)), each.slug
            assert len(each.examples) == len(each.examples_zh) >= 3, each.slug
            assert "What you do not do:" in version.prompt, each.slug
            assert "你不做的事：" in version.prompt_zh, each.slug
            assert catalog.offer(version.model_name).alias == version.model_name, each.slug

    def test_gives_children_what_explains(self, home: cast.Home, now: datetime) -> None:
        shelf.open_all(now=now)
        line = child_of(home.owner, now=now)
        assert slugs(line) == {"homework-tutor", "translator", "code-helper"}

    def test_adds_a_version_when_its_terms_change(self, home: cast.Home, now: datetime) -> None:
        tutor = shelf.load(now=now)[0]
        assistants.add_version(tutor, terms=Terms(prompt="Old.", model_name="fast"), by=None, now=now)
        shelf.load(now=now)
        assert [each.version for each in tutor.versions.order_by("version")] == [1, 2, 3]
        assert assistants.current(tutor).prompt != "Old."


class TestNotes:
    def test_are_written_once_a_call(self, firm: Maker, now: datetime) -> None:
        version, call_id = shelves.published(firm.owner, now=now), uuid4()
        unfolding.note(call_id, version.pk)
        unfolding.note(call_id, version.pk)
        assert AssistantCall.objects.get().version == version


class TestConstraints:
    def test_keep_ids_apart_even_without_an_account(self, home: cast.Home, now: datetime) -> None:
        shelves.common("tutor", now=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            shelves.common("tutor", now=now)

    def test_keep_children_out_of_what_is_for_businesses(self, home: cast.Home, now: datetime) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            shelves.common("shop", now=now, audience="business", is_for_children=True)
