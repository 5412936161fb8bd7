"""Assistants: made and changed by whom, and seen by whom at which price."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.utils import DatabaseError

from accounts import children
from accounts.children import Limits
from accounts.models import AuditEvent, Member, Scenario
from models_catalog import catalog
from tests.accounts.people import child_of
from tests.usage import cast, shelves
from tests.usage.shelves import CARD, PROMPT, TERMS, Maker
from usage import assistants, showcase
from usage.models import Assistant, AssistantVersion

pytestmark = pytest.mark.django_db


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
