"""List prices that an import brings: noted, held back for a person to look at, or kept as noted here."""

from decimal import Decimal

import pytest

from models_catalog.models import ChatModel, Upstream, VendorPrice
from portal.kit import clock
from tests.models_catalog.small_seed import bring, priced

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_yuan")]


class TestListPrice:
    """What happens to a list price that is another one."""

    def test_is_noted_beside_the_last_one(self) -> None:
        bring()
        plan = bring(priced(in_fresh="0.3", cache_read="0.05"))
        assert [price.in_fresh for price in VendorPrice.objects.order_by("active_from")] == [270_000, 300_000]
        assert list(plan.lines) == [
            "dipper-2: list price: in_fresh 0.27, out_text 1.1 USD → in_fresh 0.3, out_text 1.1, cache_read 0.05 USD"
        ]
        assert set(bring(priced(in_fresh="0.3", cache_read="0.05")).counts.values()) == {0}

    def test_up_to_a_fifth_away_needs_nobody(self) -> None:
        bring()
        assert bring(priced(in_fresh="0.324")).counts["list prices noted"] == 1

    @pytest.mark.parametrize(
        ("figure", "doubt"),
        [
            ("0.325", "is more than 20 % away"),
            ("0.2", "is more than 20 % away"),
            ("270000", "far more than lists ask"),
            ("0", "nothing is asked"),
            (0, "nothing is asked"),
            ("-0.27", "is no price"),
            ("NaN", "is no price"),
            ("Infinity", "is no price"),
            ("cheap", "is no number"),
            (None, "is no number"),
            (True, "is no number"),
            (["0.27"], "is no number"),
        ],
    )
    def test_that_is_doubtful_is_held_back(self, figure: object, doubt: str) -> None:
        bring()
        plan = bring(priced(in_fresh=figure))
        assert VendorPrice.objects.count() == 1
        assert doubt in "; ".join(plan.held[0].doubts)
        assert "in_fresh" in "; ".join(plan.held[0].doubts)
        assert "held back" in list(plan.lines)[-1]

    @pytest.mark.parametrize("figure", ["0", "-1", "cheap", "20000"])
    def test_that_is_doubtful_is_held_back_the_first_time_too(self, figure: str) -> None:
        plan = bring(priced(in_fresh=figure))
        assert (plan.counts["models new"], plan.counts["held back"]) == (2, 1)
        assert not VendorPrice.objects.exists()

    @pytest.mark.parametrize(("figure", "noted"), [("0.5", 500_000), ("0", 0), ("20000", 20_000_000_000)])
    def test_that_somebody_accepts_is_noted(self, figure: str, noted: int) -> None:
        bring()
        bring(priced(in_fresh=figure), accepted=("dipper-2",))
        newest = VendorPrice.objects.order_by("-active_from")[0]
        assert newest.in_fresh == noted

    def test_below_nothing_is_noted_by_nobody(self) -> None:
        plan = bring(priced(in_fresh="-0.27"), accepted=("dipper-2",))
        assert plan.counts["held back"] == 1

    def test_in_another_currency_is_held_back(self) -> None:
        bring()
        plan = bring(lambda whole: whole["models"][0]["list_price"].update(currency="CNY"))
        assert plan.held[0].doubts == ["USD became CNY"]

    def test_with_another_rate_of_exchange_is_noted(self) -> None:
        bring()
        bring(lambda whole: whole["exchange_rates"][0].update(rate="7.1"))
        assert VendorPrice.objects.order_by("-active_from")[0].exchange_rate == Decimal("7.1")

    def test_that_somebody_noted_here_stays_until_it_is_accepted(self) -> None:
        bring()
        now = clock.now()
        VendorPrice.objects.create(
            chat_model=ChatModel.objects.get(slug="dipper-2"),
            active_from=now,
            noted_at=now,
            noted_by=7,
            currency="USD",
            exchange_rate=7,
            source="Our contract",
            source_date=now.date(),
            in_fresh=250_000,
            out_text=1_000_000,
        )
        plan = bring()
        assert (plan.counts["kept"], VendorPrice.objects.count()) == (1, 2)
        assert "noted here by hand" in next(iter(plan.lines))
        bring(accepted=("dipper-2",))
        assert VendorPrice.objects.order_by("-active_from")[0].in_fresh == 270_000

    def test_of_an_upstream_is_another_matter(self) -> None:
        bring()
        now = clock.now()
        upstream = Upstream.objects.create(slug="up", name="Up", base_url="http://127.0.0.1:1/v1")
        model = ChatModel.objects.get(slug="dipper-2")
        terms = {"currency": "USD", "exchange_rate": 7, "source": "Our contract", "source_date": now.date()}
        VendorPrice.objects.create(chat_model=model, upstream=upstream, active_from=now, noted_at=now, **terms)
        assert set(bring().counts.values()) == {0}
