"""What the longest call may cost: no model of the portal's own file is too dear to be sold with a margin."""

from dataclasses import replace

import pytest

from models_catalog import price_terms, prices, promises, proposals
from models_catalog.models import ChatModel, Vendor
from models_catalog.price_terms import Terms, TooDear
from models_catalog.pricing import Rates, Tier
from portal.kit import clock
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS
from tests import kept
from tests.models_catalog.small_seed import well_known

pytestmark = pytest.mark.django_db
MILLION = 10**6
DEAREST = Rates(in_image=LARGEST_AMOUNT_MICROCREDITS)
"""A thousand credits a token: a million of them is all that the books take."""


def test_what_is_proposed_for_a_listed_model_can_be_published() -> None:
    well_known()
    now = clock.now()
    kept.offerings(now=now)
    models = {model.pk: model for model in ChatModel.objects.all()}
    found = proposals.propose(models.values(), margin_percent=proposals.MARGIN_PERCENT, now=now)
    assert len(found) > 100
    for pk, proposal in found.items():
        prices.check(models[pk], rates=proposal.rates, active_from=now + promises.NOTICE, now=now)


class TestLongestCall:
    """The whole context and one longest answer, in the dearest tier of any hours."""

    @pytest.mark.parametrize(
        ("rates", "is_too_dear"),
        [
            (DEAREST, False),
            (replace(DEAREST, out_text=1), True),
            (replace(DEAREST, per_request=1), True),
            (Rates(out_audio=LARGEST_AMOUNT_MICROCREDITS), False),
            (Rates(out_audio=LARGEST_AMOUNT_MICROCREDITS, cache_read=1), True),
        ],
    )
    def test_may_cost_what_the_books_take(self, rates: Rates, *, is_too_dear: bool) -> None:
        vendor = Vendor.objects.create(slug="v", name="V", country="CN")
        model = ChatModel(vendor=vendor, context_tokens=MILLION, max_output_tokens=MILLION)
        free = Terms(tiers=(Tier(1, rates),), is_free=True)
        for given, terms in ((rates, Terms()), (Rates(), free)):
            if is_too_dear:
                with pytest.raises(TooDear):
                    price_terms.check_shape(model, given, terms)
            else:
                price_terms.check_shape(model, given, terms)
