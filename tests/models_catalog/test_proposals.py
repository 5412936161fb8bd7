"""The price that is proposed for a model: its vendor's list, a margin, and what credits are sold for."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from models_catalog import catalog, proposals
from models_catalog.models import ChatModel, CreditPrice, VendorPrice
from portal.kit import clock
from tests import kept
from tests.models_catalog import famous
from tests.models_catalog.test_catalog import HERE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shelf() -> Iterator[None]:
    """The demo's catalog and well-known models."""
    kept.catalog(now=clock.now(), addresses=HERE)
    famous.announce()
    catalog.forget()
    yield
    catalog.forget()


class TestPropose:
    """`proposals.propose`."""

    @pytest.fixture
    def listed(self) -> ChatModel:
        """DeepSeek at 0.27 USD in, 0.07 cached and 1.10 out; credits at 9.90 CNY for ten million, or dearer."""
        model = ChatModel.objects.get(slug="deepseek-v3.1")
        facts = {"currency": "USD", "exchange_rate": Decimal("7.2"), "source": "list", "source_date": date(2026, 11, 1)}
        prices_noted = {"in_fresh": 270_000, "cache_read": 70_000, "out_text": 1_100_000}
        now = clock.now()
        VendorPrice.objects.create(chat_model=model, active_from=now, noted_at=now, **facts, **prices_noted)
        offered = {"audience": "household", "name": "x", "name_zh": "x", "currency": "CNY"}
        CreditPrice.objects.create(slug="big", price_minor=990, microcredits=10**13, **offered)
        CreditPrice.objects.create(slug="small", price_minor=100, microcredits=10**11, **offered)
        CreditPrice.objects.create(slug="free", price_minor=0, microcredits=10**13, **offered)
        return model

    def test_is_the_list_price_with_a_margin_at_the_cheapest_credits(self, listed: ChatModel) -> None:
        """0.27 USD × 7.2 = 1.944 CNY a million; 9.90 CNY buy 10 M credits: 1.9636 credits a token, 2.36 with 20 %."""
        [proposal] = proposals.propose([listed], margin_percent=20, now=clock.now()).values()
        rates = proposal.rates
        assert (rates.in_fresh, rates.cache_read, rates.out_text) == (
            2_360_000_000_000,
            611_000_000_000,
            9_600_000_000_000,
        )
        assert (rates.in_image, rates.cache_write_1h, rates.out_reasoning) == (
            rates.in_fresh,
            rates.in_fresh,
            rates.out_text,
        )

    @pytest.mark.parametrize("percent", [0, 20, 55])
    def test_never_earns_less_than_the_margin(self, listed: ChatModel, percent: int) -> None:
        [proposal] = proposals.propose([listed], margin_percent=percent, now=clock.now()).values()
        earned = Decimal(proposal.rates.in_fresh) * 990 / 10**13 / 100
        assert earned >= Decimal("0.27") * Decimal("7.2") * (100 + percent) / 100

    def test_is_nothing_without_a_list_price_or_credits_on_sale(self, listed: ChatModel) -> None:
        other = ChatModel.objects.get(slug="gpt-4o")
        assert proposals.propose([other], margin_percent=20, now=clock.now()) == {}
        CreditPrice.objects.update(currency="EUR")
        assert proposals.propose([listed], margin_percent=20, now=clock.now()) == {}
