"""What a name offers, what it costs from when on, and how secrets are kept."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection, transaction

from models_catalog import catalog, prices, shelf, tariffs, upstreams
from models_catalog.models import Alias, ChatModel, Price, Route, Upstream
from models_catalog.price_terms import Terms
from models_catalog.pricing import Rates
from models_catalog.timetables import Timetable
from portal.kit import clock
from tests import kept
from tests.models_catalog.small_seed import well_known

pytestmark = pytest.mark.django_db
HERE = {"model_url": "http://127.0.0.1:7001", "sandbox_url": "http://127.0.0.1:7002"}
PER_CREDIT = 10**12
MEANT = Terms(is_free=True, is_sure=True)


@pytest.fixture(autouse=True)
def _fresh_catalog() -> Iterator[None]:
    """Nothing is remembered from another test."""
    catalog.forget()
    yield
    catalog.forget()


@pytest.fixture
def _shelf() -> None:
    """The demo's catalog."""
    kept.catalog(now=clock.now(), addresses=HERE)


@pytest.mark.usefixtures("_shelf")
class TestOffer:
    """`catalog.offer`."""

    def test_of_an_id_has_price_and_route(self) -> None:
        offer = catalog.offer("smollm2-135m")
        assert (offer.slug, offer.alias, offer.queue) == ("smollm2-135m", None, "calls.small-model")
        assert offer.rates.in_fresh == offer.rates.out_text == PER_CREDIT
        assert offer.routes[0].base_url == "http://127.0.0.1:7001/v1"
        assert offer.context_tokens == 2048

    @pytest.mark.parametrize(
        ("alias", "slug", "burn"),
        [("everyday", "smollm2-135m", 10), ("fast", "demo-fast", 3), ("deep", "demo-deep", 120)],
    )
    def test_of_an_alias_names_the_model_and_its_burn(self, alias: str, slug: str, burn: int) -> None:
        offer = catalog.offer(alias)
        assert (offer.slug, offer.alias) == (slug, alias)
        assert offer.rates.in_fresh == offer.rates.out_text == burn * PER_CREDIT // 10

    def test_of_an_unknown_name_is_refused(self) -> None:
        with pytest.raises(catalog.UnknownModel) as refused:
            catalog.offer("no-such-model")
        assert (refused.value.status, refused.value.code) == (404, "model_not_found")
        assert "no-such-model" in str(refused.value)

    def test_of_a_model_without_a_route_is_refused(self) -> None:
        well_known("gpt-4o")
        with pytest.raises(catalog.NotConnected) as refused:
            catalog.offer("gpt-4o")
        assert (refused.value.status, refused.value.code) == (503, "model_not_connected")

    def test_of_a_model_whose_upstream_is_disabled_is_refused(self) -> None:
        upstreams.disable(Upstream.objects.get(slug="small-model"), now=clock.now())
        with pytest.raises(catalog.NotConnected):
            catalog.offer("everyday")

    def test_of_a_retired_model_is_unknown(self) -> None:
        ChatModel.objects.filter(slug="demo-fast").update(state="retired")
        with pytest.raises(catalog.UnknownModel):
            catalog.offer("fast")

    def test_takes_the_routes_by_priority(self) -> None:
        model = ChatModel.objects.get(slug="demo-fast")
        first = Upstream.objects.get(slug="small-model")
        Route.objects.create(chat_model=model, upstream=first, upstream_model="x", priority=1)
        assert [route.upstream_slug for route in catalog.offer("fast").routes] == ["small-model", "sandbox"]
        assert catalog.routes_of(model.pk) == catalog.offer("fast").routes

    def test_is_remembered_without_the_database(self) -> None:
        assert catalog.remembered("fast") is None
        offer = catalog.offer("fast")
        assert catalog.remembered("fast") == offer
        with pytest.raises(catalog.UnknownModel):
            catalog.remembered("no-such-model")

    def test_does_not_show_the_secret(self) -> None:
        offer = catalog.offer("fast")
        assert offer.routes[0].secret == "sandbox"
        assert "secret" not in repr(offer)

    def test_leaves_out_an_upstream_whose_secret_does_not_open(self) -> None:
        sealed = Upstream.objects.get(slug="sandbox").sealed_secret
        Upstream.objects.filter(slug="small-model").update(sealed_secret=sealed)  # moved to another row
        with pytest.raises(catalog.NotConnected):
            catalog.offer("everyday")


@pytest.mark.usefixtures("_shelf")
class TestMemory:
    """What a process remembers while other threads forget it, or read it anew."""

    def test_is_told_though_it_is_forgotten_in_between(self, monkeypatch: pytest.MonkeyPatch) -> None:
        offer = catalog.offer("fast")

        def between() -> float:
            monkeypatch.setattr(catalog, "time", time)
            catalog.forget()
            return time.monotonic()

        monkeypatch.setattr(catalog, "time", SimpleNamespace(monotonic=between))
        assert catalog.remembered("fast") == offer
        assert catalog.remembered("fast") is None

    def test_is_not_what_was_read_before_it_was_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        while_reading(monkeypatch, catalog.forget)
        assert catalog.offer("fast").slug == "demo-fast"
        assert catalog.remembered("fast") is None

    def test_is_not_replaced_by_what_was_begun_earlier(self, monkeypatch: pytest.MonkeyPatch) -> None:
        newer: list[catalog.Offer] = []
        while_reading(monkeypatch, lambda: newer.append(catalog.offer("fast")))
        older = catalog.offer("fast")
        assert catalog.remembered("fast") is newer[0] is not older

    def test_stays_where_the_ledger_names_a_price_that_nobody_knows(self) -> None:
        catalog.offer("fast")
        with pytest.raises(catalog.NotConnected):
            catalog.repriced("fast", price_id=0)
        assert catalog.remembered("fast") is not None


def while_reading(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """This will let somebody act while the catalog is being read for the next time."""
    read = tariffs.timetables

    def timetables(*, now: datetime) -> dict[int, Timetable]:
        monkeypatch.setattr(tariffs, "timetables", read)
        act()
        return read(now=now)

    monkeypatch.setattr(tariffs, "timetables", timetables)


@pytest.mark.usefixtures("_shelf")
class TestPrice:
    """`prices.publish`, and the rows it makes."""

    def test_counts_from_its_moment_on(self) -> None:
        now = clock.now()
        model = ChatModel.objects.get(slug="demo-fast")
        prices.publish(model, rates=Rates(in_fresh=5), active_from=now + timedelta(hours=1), by=7, now=now, terms=MEANT)
        today = Price.objects.in_force(now=now).get(chat_model=model)
        later = Price.objects.in_force(now=now + timedelta(hours=1)).get(chat_model=model)
        assert today.in_fresh == 3 * PER_CREDIT // 10
        assert (later.in_fresh, later.published_by) == (5, 7)

    def test_cannot_begin_in_the_past(self) -> None:
        now = clock.now()
        model = ChatModel.objects.get(slug="demo-fast")
        with pytest.raises(prices.PriceInThePast):
            prices.publish(model, rates=Rates(), active_from=now - timedelta(seconds=1), by=None, now=now)

    def test_is_one_for_a_model_and_a_moment(self) -> None:
        now = clock.now()
        model = ChatModel.objects.get(slug="demo-fast")
        later = now + timedelta(hours=1)
        prices.publish(model, rates=Rates(), active_from=later, by=None, now=now, terms=MEANT)
        with pytest.raises(prices.PriceExists):
            prices.publish(model, rates=Rates(), active_from=later, by=None, now=now, terms=MEANT)

    @pytest.mark.parametrize(
        "statement", ["UPDATE models_catalog_price SET in_fresh = 1", "DELETE FROM models_catalog_price"]
    )
    def test_is_never_edited_or_deleted(self, statement: str) -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_is_not_negative(self) -> None:
        now = clock.now()
        model = ChatModel.objects.get(slug="demo-fast")
        with pytest.raises(DatabaseError), transaction.atomic():
            Price.objects.create(chat_model=model, active_from=now, published_at=now, in_fresh=-1)


class TestSeed:
    """`shelf.seed`."""

    def test_twice_changes_nothing(self) -> None:
        shelf.seed(now=clock.now(), addresses=HERE)
        before = [list(kind.objects.order_by("pk").values()) for kind in (ChatModel, Alias, Route, Price)]
        shelf.seed(now=clock.now() + timedelta(hours=1), addresses=HERE)
        after = [list(kind.objects.order_by("pk").values()) for kind in (ChatModel, Alias, Route, Price)]
        assert before == after

    def test_without_the_small_model_everyday_goes_to_the_stand_in(self) -> None:
        shelf.seed(now=clock.now(), addresses=HERE | {"model_url": ""})
        assert catalog.offer("everyday").slug == "demo-everyday"
        with pytest.raises(catalog.NotConnected):
            catalog.offer("smollm2-135m")

    def test_with_the_small_model_the_stand_in_is_not_listed(self) -> None:
        shelf.seed(now=clock.now(), addresses=HERE)
        with pytest.raises(catalog.UnknownModel):
            catalog.offer("demo-everyday")


class TestSecret:
    """`upstreams.seal_secret` and `open_secret`."""

    def test_opens_for_its_own_row_only(self) -> None:
        shelf.seed(now=clock.now(), addresses=HERE)
        one, other = Upstream.objects.all()
        upstreams.seal_secret(one, secret="sk-very-secret")
        stored = Upstream.objects.get(pk=one.pk)
        assert b"sk-very-secret" not in bytes(stored.sealed_secret)
        assert upstreams.open_secret(stored) == "sk-very-secret"
        other.sealed_secret = stored.sealed_secret
        with pytest.raises(upstreams.UnreadableSecret):
            upstreams.open_secret(other)
