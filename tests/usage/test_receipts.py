"""A receipt can be recomputed to the microcredit: tokens times the price row, rounded once, and lots that add up."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models_catalog.models import Price
from models_catalog.pricing import USAGE_CLASSES, Usage, cost
from plans.models import Lot
from portal.kit import clock
from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE, credits
from tests.usage import cast
from tests.usage.cast import Home
from usage import answers, receipts
from usage.models import Call, How

pytestmark = pytest.mark.django_db
TOKENS = st.integers(0, 10**8)


def check(receipt: receipts.Receipt) -> None:
    """This will fail when any figure does not follow from the others."""
    call, price = receipt.call, receipt.call.price
    for line in receipt.lines:
        assert line.amount == line.tokens * line.rate // TOKENS_PER_PRICE
        assert line.rate == getattr(price, line.token_class)
    used = Usage(**{name: getattr(call, name) for name in USAGE_CLASSES})
    assert receipt.cost == (cost(used, price.rates) if call.state == Call.State.SETTLED else 0)
    assert sum(line.amount for line in receipt.lines) + receipt.per_request + receipt.rounding == receipt.cost
    assert receipt.cost - receipt.forgiven == receipt.charged
    assert sum(drawn.amount_microcredits for drawn in receipt.lots) == receipt.charged
    for drawn in receipt.lots:
        taken = drawn.available_before_microcredits - drawn.available_after_microcredits
        assert taken == drawn.amount_microcredits


class TestOf:
    def test_adds_up(self, home: Home) -> None:
        receipt = receipts.of(cast.called(home.owner, used=Usage(in_fresh=1_234, out_text=57)))
        check(receipt)
        assert [line.token_class for line in receipt.lines] == ["in_fresh", "out_text"]
        assert receipt.forgiven == 0

    def test_shows_every_lot_that_was_drawn(self, home: Home) -> None:
        lot = Lot.objects.get(account=home.owner.account)
        cast.grant(home.owner, 500_000, name="Pack", priority=50)
        call = cast.called(home.owner, name="deep", used=Usage(in_fresh=100_000, out_text=1_000))
        receipt = receipts.of(call)
        check(receipt)
        assert receipt.lots[0].lot_id == lot.pk
        assert len(receipt.lots) == 2
        assert receipt.lots[0].available_after_microcredits == 0

    def test_says_what_was_not_charged(self, home: Home) -> None:
        used = Usage(out_text=1_000)
        held = cost(used, cast.offer_of("fast").rates) - 7
        call = cast.called(home.owner, used=used, held=held, how=How.USAGE_CAPPED)
        receipt = receipts.of(call)
        check(receipt)
        assert receipt.forgiven == 7

    def test_is_empty_for_a_call_that_cost_nothing(self, home: Home) -> None:
        receipt = receipts.of(cast.called(home.owner, used=Usage(), how=How.PLATFORM))
        check(receipt)
        assert (receipt.lines, receipt.charged, receipt.rounding) == ([], 0, 0)

    @given(
        st.builds(Usage, **dict.fromkeys(USAGE_CLASSES, TOKENS)),
        st.lists(st.integers(0, 10**12), min_size=len(USAGE_CLASSES), max_size=len(USAGE_CLASSES)),
        st.integers(0, 10**9),
    )
    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    def test_adds_up_for_every_price(self, home: Home, used: Usage, rates: list[int], per_request: int) -> None:
        price = Price(per_request=per_request, **dict(zip(USAGE_CLASSES, rates, strict=True)))
        figures = {name: getattr(used, name) for name in USAGE_CLASSES}
        exact = cost(used, price.rates)
        receipt = receipts.of(Call(price=price, state="settled", charged_microcredits=exact, **figures))
        assert receipt.cost == exact
        assert receipt.forgiven == 0
        assert 0 <= receipt.rounding < len(USAGE_CLASSES)
        assert sum(each.amount for each in receipt.lines) + receipt.per_request + receipt.rounding == receipt.cost


class TestShare:
    def test_of_the_month_is_taken_of_the_plan(self, home: Home) -> None:
        cast.grant(home.owner, 250_000, name="Pack")
        month = answers.month_of(home.owner.account, now=clock.now())
        assert month == credits(1_000_000) == 1_000_000 * MICROCREDITS_PER_CREDIT
        assert answers.month_of(home.stranger.account, now=clock.now()) == 0
