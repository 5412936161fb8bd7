"""The light rows of the list: what can be called, and what they need to know."""

from decimal import Decimal

import pytest

from models_catalog.entries import entries
from models_catalog.models import ChatModel
from portal.kit import clock
from tests import kept
from tests.models_catalog.shelves import list_price, model
from tests.models_catalog.small_seed import well_known
from tests.models_catalog.test_catalog import HERE

pytestmark = pytest.mark.django_db


class TestEntries:
    def test_can_be_called_exactly_as_the_gateway_says(self) -> None:
        kept.catalog(now=clock.now(), addresses=HERE)
        well_known("gpt-4o")
        now = clock.now()
        rows = {entry.slug: entry.is_callable for entry in entries(at=None, now=now)}
        assert rows["demo-fast"]
        assert not rows["gpt-4o"]
        ChatModel.objects.get(slug="demo-fast").route_set.update(disabled_at=now)
        assert not {entry.slug: entry.is_callable for entry in entries(at=None, now=now)}["demo-fast"]

    def test_need_no_money_where_credits_have_no_price(self) -> None:
        now = clock.now()
        away = model("away", now=now)
        list_price(away, now=now, given="1", answered="2")
        (entry,) = entries(at=None, now=now)
        assert entry.example_cost is None
        assert entry.list_price is not None
        assert (entry.list_price.given, entry.list_price.answered) == (Decimal(700), Decimal(1400))
