"""The portal's own assistants as their file says them, and what the database keeps apart."""

from datetime import datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent, Member
from models_catalog import catalog
from tests.accounts.people import child_of
from tests.usage import cast, shelves
from tests.usage.shelves import Maker
from usage import assistants, shelf, unfolding
from usage.assistants import Terms
from usage.models import Assistant, AssistantCall, AssistantVersion

pytestmark = pytest.mark.django_db


def slugs(viewer: Member | None) -> set[str]:
    return set(Assistant.objects.seen_by(viewer).values_list("slug", flat=True))


class TestTheFile:
    def test_is_loaded_as_drafts_and_once(self, home: cast.Home, now: datetime) -> None:
        loaded = shelf.load(now=now)
        assert len(loaded) == 13
        assert not any(each.is_on_shelf for each in loaded)
        assert [each.pk for each in shelf.load(now=now)] == [each.pk for each in loaded]
        assert AssistantVersion.objects.count() == 13
        assert not AuditEvent.objects.filter(verb="assistant.revise").exists()

    def test_writes_down_what_it_changes_of_those_that_are_there(self, home: cast.Home, now: datetime) -> None:
        tutor, writer, *_ = shelf.load(now=now)
        Assistant.objects.filter(pk=tutor.pk).update(name="Old name", scenario=None)
        assistants.add_version(writer, terms=Terms(prompt="Old.", model_name="fast"), by=None, now=now)
        shelf.load(now=now)
        renamed, told = AuditEvent.objects.filter(verb="assistant.revise").order_by("pk")
        assert (renamed.subject, renamed.reason, renamed.details["changed"]) == (
            tutor.name,
            shelf.REASON,
            ["name", "scenario"],
        )
        assert (told.subject, told.details["version"], told.details["changed"]) == (writer.name, 3, [])
        tutor.refresh_from_db()
        assert tutor.name != "Old name"

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
