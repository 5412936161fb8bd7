"""The life of a model: announced ends, replacements, and names that lead on."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from models_catalog import aliases, catalog, lifecycle
from models_catalog.models import Alias, AliasVersion, ChatModel, State
from portal.kit import clock
from tests import kept
from tests.models_catalog.small_seed import well_known
from tests.models_catalog.test_catalog import HERE

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _shelf() -> Iterator[None]:
    """The demo's catalog, of which nothing is remembered."""
    kept.catalog(now=clock.now(), addresses=HERE)
    well_known("gpt-4o")
    catalog.forget()
    yield
    catalog.forget()


@pytest.fixture
def now() -> datetime:
    return clock.now()


def model(slug: str) -> ChatModel:
    return ChatModel.objects.get(slug=slug)


def end(slug: str, *, replacement: str | None, now: datetime, days: int = 1) -> None:
    """Announces that a model retires in so many days."""
    following = model(replacement) if replacement else None
    lifecycle.deprecate(
        model(slug), retires_date=timezone.localdate(now) + days * A_DAY, replacement=following, now=now
    )


class TestDeprecate:
    def test_names_the_day_and_the_replacement_and_the_model_is_still_called(self, now: datetime) -> None:
        end("demo-fast", replacement="smollm2-135m", now=now, days=40)
        found = model("demo-fast")
        assert (found.state, found.successor) == (State.DEPRECATED, model("smollm2-135m"))
        assert catalog.offer("fast").slug == "demo-fast"

    def test_can_be_announced_anew(self, now: datetime) -> None:
        end("demo-fast", replacement=None, now=now, days=40)
        end("demo-fast", replacement="demo-deep", now=now, days=50)
        assert model("demo-fast").retires_date == timezone.localdate(now) + 50 * A_DAY

    def test_needs_a_later_day(self, now: datetime) -> None:
        with pytest.raises(lifecycle.RetiresTooSoon):
            end("demo-fast", replacement=None, now=now, days=0)

    @pytest.mark.parametrize("replacement", ["gpt-4o", "demo-fast", "demo-deep"])
    def test_needs_a_replacement_that_stays(self, replacement: str, now: datetime) -> None:
        end("demo-deep", replacement=None, now=now)
        with pytest.raises(lifecycle.ReplacementGoesToo):
            end("demo-fast", replacement=replacement, now=now)

    def test_is_for_models_in_use(self, now: datetime) -> None:
        with pytest.raises(lifecycle.OutOfLife):
            end("gpt-4o", replacement=None, now=now)

    def test_never_makes_a_model_replace_itself_in_the_database(self) -> None:
        found = model("demo-fast")
        with pytest.raises(DatabaseError), transaction.atomic():
            ChatModel.objects.filter(pk=found.pk).update(replacement=found)


class TestKeep:
    def test_takes_an_announced_end_back(self, now: datetime) -> None:
        end("demo-fast", replacement="demo-deep", now=now)
        lifecycle.keep(model("demo-fast"))
        found = model("demo-fast")
        assert (found.state, found.retires_date, found.replacement) == (State.AVAILABLE, None, None)

    @pytest.mark.parametrize("slug", ["demo-fast", "gpt-4o"])
    def test_of_a_model_that_has_no_end_is_refused(self, slug: str) -> None:
        with pytest.raises(lifecycle.OutOfLife):
            lifecycle.keep(model(slug))


class TestRetireDue:
    def test_waits_for_the_day(self, now: datetime) -> None:
        end("demo-fast", replacement=None, now=now, days=2)
        assert lifecycle.retire_due(now=now + A_DAY) == 0
        assert lifecycle.retire_due(now=now + 2 * A_DAY) == 1
        assert lifecycle.retire_due(now=now + 3 * A_DAY) == 0
        assert model("demo-fast").state == State.RETIRED

    def test_leads_the_aliases_on_and_writes_down_where_they_pointed(self, now: datetime) -> None:
        end("demo-fast", replacement="smollm2-135m", now=now)
        lifecycle.retire_due(now=now + A_DAY)
        catalog.forget()
        assert catalog.offer("fast").slug == "smollm2-135m"
        versions = AliasVersion.objects.filter(alias__slug="fast").order_by("version")
        assert [(each.version, each.chat_model.slug) for each in versions] == [(1, "demo-fast"), (2, "smollm2-135m")]

    def test_of_a_retired_model_the_id_is_refused_and_names_the_replacement(self, now: datetime) -> None:
        end("demo-fast", replacement="smollm2-135m", now=now)
        lifecycle.retire_due(now=now + A_DAY)
        catalog.forget()
        with pytest.raises(catalog.Replaced) as no:
            catalog.offer("demo-fast")
        assert (no.value.status, no.value.code, no.value.details["replacement"]) == (
            404,
            "model_retired",
            "smollm2-135m",
        )
        assert "smollm2-135m" in str(no.value)

    def test_names_what_replaces_the_replacement(self, now: datetime) -> None:
        end("demo-fast", replacement="demo-deep", now=now)
        end("demo-deep", replacement="smollm2-135m", now=now)
        lifecycle.retire_due(now=now + A_DAY)
        catalog.forget()
        with pytest.raises(catalog.Replaced) as no:
            catalog.offer("demo-fast")
        assert no.value.details["replacement"] == "smollm2-135m"
        assert catalog.offer("fast").slug == "smollm2-135m"

    def test_without_a_replacement_says_to_choose_another(self, now: datetime) -> None:
        end("demo-fast", replacement=None, now=now)
        lifecycle.retire_due(now=now + A_DAY)
        catalog.forget()
        for name in ("demo-fast", "fast"):
            with pytest.raises(catalog.Retired) as no:
                catalog.offer(name)
            assert "choose another" in str(no.value)


class TestPoint:
    """`aliases.point`."""

    def test_changes_nothing_where_it_points_there_already(self, now: datetime) -> None:
        alias = Alias.objects.get(slug="fast")
        assert aliases.point(alias, model("demo-fast"), by=7, now=now).version == 1

    def test_adds_a_version(self, now: datetime) -> None:
        alias = Alias.objects.get(slug="fast")
        version = aliases.point(alias, model("demo-deep"), by=7, now=now)
        assert (version.version, version.set_by, alias.chat_model) == (2, 7, model("demo-deep"))
        assert Alias.objects.get(slug="fast").chat_model == model("demo-deep")

    @pytest.mark.parametrize("statement", ["UPDATE {} SET version = 9", "DELETE FROM {}"])
    def test_adds_what_is_never_edited(self, statement: str) -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(AliasVersion._meta.db_table))
