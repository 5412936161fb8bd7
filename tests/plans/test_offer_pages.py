"""The pages of what is sold: the shelf, one offer, some side by side, and which plan fits."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from models_catalog import catalog
from models_catalog import shelf as models_shelf
from plans import fitting, meaning
from plans.models import Lot, Offering, Order
from tests.budget import query_budget
from tests.plans.cast import Household, signed_in
from tests.plans.test_publishing import publish
from tests.plans.test_shop_pages import html
from tests.usage.cast import ADDRESSES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("models", "shelf")]


@pytest.fixture
def models(now: datetime) -> Any:
    """Models that can be called, the Everyday one at one credit a token."""
    models_shelf.seed(now=now, addresses=ADDRESSES)
    catalog.forget()
    yield
    catalog.forget()


class TestShelf:
    def test_sells_every_offer_of_the_reviewed_file(self, client: Client) -> None:
        pages = html(client.get("/plans/")) + html(client.get("/plans/business/"))
        slugs = set(Offering.objects.values_list("slug", flat=True))
        assert len(slugs) >= 19
        for slug in slugs - {"welcome"}:
            assert f'href="/checkout/{slug}/"' in pages, slug
        assert 'href="/plans/welcome/"' in pages
        assert html(client.get("/plans/")).count("button primary") == 1

    def test_announces_changes(self, client: Client, now: datetime) -> None:
        publish("starter", now=now, wait=timedelta(days=31), price_minor=1290)
        for path in ("/plans/", "/plans/starter/"):
            page = html(client.get(path))
            assert "¥12.90" in page
            assert "¥9.90" in page


class TestOnePlan:
    def test_tells_all_that_holds(self, client: Client) -> None:
        page = html(client.get("/plans/family/"))
        for words in (
            "¥29.90",
            "rolls over for one more month",
            "slow lane",
            "within 24 hours",
            "version 1",
            "demo-fast",
        ):
            assert words in page, words
        points = html(client.get("/plans/pack-points/"))
        assert "1 point is 100 credits." in points
        assert "4,000" in points
        bundle = html(client.get("/plans/business-bundle/"))
        assert "set up by our partner after payment" in bundle
        assert "Pack 250,000" in html(client.get("/plans/home-10m/"))

    def test_names_only_the_models_of_the_set(self, client: Client) -> None:
        page = html(client.get("/plans/pack-light/"))
        assert "/models/demo-fast/" in page
        assert "/models/demo-deep/" not in page

    def test_says_why_somebody_cannot_buy_it(self, household: Household) -> None:
        assert "button primary" in html(signed_in(household.owner).get("/plans/first-purchase/"))
        child = html(signed_in(household.adult).get("/plans/first-purchase/"))
        assert "Only the owner or the bill payer" in child
        assert "/checkout/first-purchase/" not in child

    def test_is_not_there_for_what_is_not_sold_on_the_web(self, client: Client, now: datetime) -> None:
        publish("starter", now=now, channels=["partner"])
        for path in ("/plans/starter/", "/checkout/starter/", "/plans/nothing/"):
            assert client.get(path).status_code == 404

    def test_stays_within_its_queries(self, client: Client) -> None:
        client.get("/plans/family/")
        with query_budget(8):
            client.get("/plans/family/")


class TestGift:
    def test_is_taken_once_with_one_press(self, household: Household) -> None:
        client = signed_in(household.owner)
        order_id = client.get("/plans/welcome/").context["order"]
        for _ in range(2):
            answer = client.post("/plans/welcome/gift/", {"order": order_id})
            assert answer.status_code == 302
        assert (Order.objects.get().state, Lot.objects.get().source) == ("paid", "promo")
        assert "as often as it may" in html(client.get("/plans/welcome/"))
        assert client.get("/checkout/welcome/")["Location"] == "/plans/welcome/"

    def test_is_no_way_around_a_price(self, household: Household) -> None:
        client = signed_in(household.owner)
        order_id = client.get("/plans/welcome/").context["order"]
        assert client.post("/plans/starter/gift/", {"order": order_id}).status_code == 409
        assert not Order.objects.exists()


class TestComparing:
    def test_puts_up_to_four_side_by_side(self, client: Client) -> None:
        slugs = ["starter", "family", "studio", "pack-small", "pack-large"]
        page = html(client.get("/plans/compare/", {"plan": [*slugs, "nothing"]}))
        assert "Left out: Pack 400,000" in page
        assert page.count('<th scope="col">') == 4
        assert "¥0.99" in page
        assert "Nothing to compare yet" in html(client.get("/plans/compare/"))


class TestFitting:
    def answers(self, **changed: Any) -> fitting.Answers:
        usual: dict[str, Any] = {"audience": "household", "people": 4, "use": "homework", "often": "daily"}
        return fitting.Answers(**usual | changed)

    def test_finds_the_cheapest_way_that_holds_enough(self) -> None:
        costs = meaning.costs_of(["homework"])
        assert costs
        found = fitting.fit(self.answers())
        assert found
        assert found.needed == 4 * 60 * costs["homework"]
        assert found.best.microcredits >= found.needed
        ways = [found.best, *found.others]
        assert [way.minor for way in ways] == sorted(way.minor for way in ways)
        assert all(way.plan is None or way.plan.seats >= 4 for way in ways)

    def test_adds_packs_where_a_plan_alone_is_too_small(self) -> None:
        found = fitting.fit(self.answers(people=1, use="homework", often="often"))
        assert found
        for way in (found.best, *found.others):
            assert way.microcredits >= found.needed
            own = way.plan.microcredits if way.plan else 0
            packs = way.packs * way.pack.microcredits if way.pack else 0
            assert own + packs == way.microcredits
            assert way.packs <= fitting.MOST_PACKS

    def test_says_nothing_where_nothing_is_enough_or_known(self, now: datetime) -> None:
        Offering.objects.filter(slug__startswith="compute-").update(withdrawn_at=now)
        assert fitting.fit(self.answers(audience="business", people=50, use="agent_hour", often="often")) is None
        Offering.objects.all().update(withdrawn_at=now)
        assert fitting.fit(self.answers()) is None

    def test_leaves_out_what_can_be_had_once(self) -> None:
        found = fitting.fit(self.answers(people=1, use="page", often="sometimes"))
        assert found
        named = {way.pack.offering.slug for way in (found.best, *found.others) if way.pack}
        assert not named & {"first-purchase", "welcome"}

    def test_answers_in_the_address_without_a_sign_in(self, client: Client) -> None:
        asked = client.get("/plans/fit/")
        assert html(asked).count("button primary") == 1
        answered = client.get("/plans/fit/", {"for": "household", "people": "4", "use": "homework", "often": "daily"})
        page = html(answered)
        best = answered.context["found"].best
        assert best.name in page
        assert page.count("button primary") == 1
        assert "Every day: two a day" in page
        wrong = client.get("/plans/fit/", {"for": "x", "people": "3", "use": "nothing", "often": "daily"})
        assert wrong.status_code == 200
        assert wrong.context["found"] is None
