"""The cost of a call, against exact fractions."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_catalog import pricing
from models_catalog.pricing import INPUT_CLASSES, OUTPUT_CLASSES, USAGE_CLASSES, Rates, Tariff, Tier, Usage

TOKENS = st.integers(0, 2_000_000)
RATE = st.integers(0, 10**14)
USAGES = st.builds(Usage, **dict.fromkeys(USAGE_CLASSES, TOKENS))
RATES = st.builds(Rates, **dict.fromkeys(USAGE_CLASSES, RATE), per_request=st.integers(0, 10**9))

TIERS = st.lists(
    st.builds(Tier, st.integers(1, 9_000_000), RATES), max_size=4, unique_by=lambda one: one.from_input_tokens
)
TARIFFS = st.builds(
    lambda rates, tiers: Tariff(rates, tuple(sorted(tiers, key=lambda one: one.from_input_tokens))), RATES, TIERS
)


def exactly(usage: Usage, rates: Rates) -> Fraction:
    return sum((Fraction(getattr(usage, name) * getattr(rates, name), 10**6) for name in USAGE_CLASSES), Fraction())


class TestCost:
    """`pricing.cost`."""

    @given(USAGES, RATES)
    def test_is_the_exact_sum_rounded_up_once(self, usage: Usage, rates: Rates) -> None:
        assert pricing.cost(usage, rates) == ceil(exactly(usage, rates)) + rates.per_request

    @given(USAGES, TARIFFS)
    def test_of_a_whole_call_is_at_the_tier_that_its_input_reaches(self, usage: Usage, tariff: Tariff) -> None:
        reached = [
            tier.rates
            for tier in tariff.tiers
            if sum(getattr(usage, name) for name in INPUT_CLASSES) >= tier.from_input_tokens
        ]
        rates = [tariff.rates, *reached][-1]
        assert pricing.cost(usage, tariff) == ceil(exactly(usage, rates)) + rates.per_request

    @pytest.mark.parametrize(("tokens", "cost"), [(99, 99), (100, 200), (199, 398), (200, 100)])
    def test_turns_at_the_first_token_of_a_tier(self, tokens: int, cost: int) -> None:
        rates = [Rates(in_fresh=rate) for rate in (10**6, 2 * 10**6, 10**6 // 2)]
        tariff = Tariff(rates[0], (Tier(100, rates[1]), Tier(200, rates[2])))
        assert pricing.cost(Usage(cache_read=0, in_fresh=tokens), tariff) == cost

    @given(USAGES, TARIFFS, st.integers(0, 10**6), st.integers(0, 10**6))
    def test_never_passes_the_ceiling(self, usage: Usage, tariff: Tariff, more: int, longer: int) -> None:
        most = pricing.ceiling(
            prompt_tokens=usage.input_tokens + more, output_tokens=usage.output_tokens + longer, tariff=tariff
        )
        assert pricing.cost(usage, tariff) <= most

    @given(TARIFFS, st.integers(0, 10**7), st.integers(1, 10**5), st.integers(0, 10**5))
    def test_of_fewer_tokens_fits_into_what_they_save(self, tariff: Tariff, prompt: int, left: int, cut: int) -> None:
        """What `ledger_reserve` relies on when it cuts an answer shorter."""
        most = pricing.ceiling(prompt_tokens=prompt, output_tokens=left + cut, tariff=tariff)
        least = pricing.ceiling(prompt_tokens=prompt, output_tokens=left, tariff=tariff)
        assert least <= most - cut * tariff.dearest_output(prompt) // 10**6

    def test_of_one_token_at_one_credit_is_a_million_microcredits(self) -> None:
        assert pricing.cost(Usage(in_fresh=1), Rates(in_fresh=10**12)) == 1_000_000

    def test_rounds_the_smallest_part_up(self) -> None:
        assert pricing.cost(Usage(in_fresh=1), Rates(in_fresh=1)) == 1

    def test_knows_every_class_once(self) -> None:
        assert (*INPUT_CLASSES, *OUTPUT_CLASSES) == USAGE_CLASSES
        assert len(set(USAGE_CLASSES)) == 10
